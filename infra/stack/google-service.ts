import { ProjectService } from "@cdktf/provider-google/lib/project-service/index.js";
import type { Construct } from "constructs";

/** Enables a service in the project. Others may use it too, so it stays enabled when the stack is destroyed. */
export function enable(scope: Construct, project: string, name: string): ProjectService {
  return new ProjectService(scope, name, { project, service: `${name}.googleapis.com`, disableOnDestroy: false });
}
