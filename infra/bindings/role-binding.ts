import { optional, required, resource } from "./kernel.ts";

/** https://docs.confluent.io/cloud/current/security/access-control/rbac/predefined-rbac-roles.html */
export class RoleBinding extends resource(
  "confluent_role_binding",
  {
    principal: required.string(),
    roleName: required.string<
      "CloudClusterAdmin" | "ResourceOwner" | "DeveloperManage" | "DeveloperRead" | "DeveloperWrite" | "KsqlAdmin"
    >(),
    crnPattern: required.string(),
    disableWaitForReady: optional.bool(),
  },
  {},
) {}
