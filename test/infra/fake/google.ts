/** Google's provider: projects, accounts, secrets, files and budgets; BigQuery's types stand beside. */
import type { Cloud } from "./cloud.ts";
import { bigqueryKinds } from "./google-bigquery.ts";
import { Project } from "./google-project.ts";
import { at, fill, items, textAt, unknown, type Attributes } from "./values.ts";
import { ignoringCase, Refused, type Change, type Kind, type Vendor } from "./vendor.ts";

const create_time = "2026-01-01T00:00:00Z";

/** What is particular to Google's provider, over what `cloud` holds. */
export function googleVendor(cloud: Cloud): Vendor {
  const project = new Project(cloud);
  /** Google gives their ids to no one for 37 days; for the first 7 its provider brings the role back, which is left out here. */
  const deletedRoles = new Set<string>();

  function needServiceAccount(wanted: Attributes): Attributes {
    const id = textAt(wanted, "service_account_id");
    return project.need("google_service_account", id, `Service account ${id}`);
  }

  function versionsOf(secret: string): readonly Attributes[] {
    return cloud.all("google_secret_manager_secret_version").filter((version) => version["secret"] === secret);
  }

  const accountPattern = "projects/{project}/serviceAccounts/{account_id}@{project}.iam.gserviceaccount.com";
  const kinds: Record<string, Kind> = {
    ...bigqueryKinds(project),

    google_project_service: {
      checks: { service: /^.+\..+$/ },
      local: ["disable_on_destroy", "disable_dependent_services"],
      waits: "tainted",
      create: (wanted) => ({
        id: project.name("{project}/{service}", wanted),
        project: project.name("{project}", wanted),
      }),
      remove: (prior) => (prior["disable_on_destroy"] === false ? "stays" : undefined),
    },

    google_project_iam_member: project.iamMember("{project}"),
    google_service_account_iam_member: project.iamMember("{service_account_id}", needServiceAccount),

    google_project_iam_custom_role: {
      checks: { role_id: /^[a-zA-Z0-9_.]{3,64}$/, stage: ["ALPHA", "BETA", "GA", "DEPRECATED", "DISABLED", "EAP"] },
      create: (wanted) => {
        const id = textAt(wanted, "role_id");
        if (deletedRoles.has(id))
          throw new Refused(
            `googleapi: Error 400: You can't create a role_id (${id}) which has been marked for deletion., failedPrecondition`,
          );
        return project.named("google_project_iam_custom_role", "projects/{project}/roles/{role_id}")(wanted);
      },
      remove: (prior) => void deletedRoles.add(textAt(prior, "role_id")),
    },

    google_service_account: {
      checks: { account_id: /^[a-z][-a-z0-9]{4,28}[a-z0-9]$/, description: /^.{0,256}$/s },
      local: ["create_ignore_already_exists"],
      create: project.named("google_service_account", accountPattern, (_, id) => {
        const email = id.slice(id.lastIndexOf("/") + 1);
        return { email, member: `serviceAccount:${email}`, unique_id: `1${cloud.random(20, "0123456789")}` };
      }),
    },

    google_service_account_key: {
      checks: {
        key_algorithm: ["KEY_ALG_UNSPECIFIED", "KEY_ALG_RSA_1024", "KEY_ALG_RSA_2048"],
        private_key_type: ["TYPE_UNSPECIFIED", "TYPE_PKCS12_FILE", "TYPE_GOOGLE_CREDENTIALS_FILE"],
        public_key_type: ["TYPE_NONE", "TYPE_X509_PEM_FILE", "TYPE_RAW_PUBLIC_KEY"],
      },
      local: ["private_key"],
      create: (wanted) => {
        const account = needServiceAccount(wanted);
        const private_key_id = project.random(40);
        const id = `${textAt(account, "id")}/keys/${private_key_id}`;
        const file = {
          type: "service_account",
          project_id: account["project"],
          private_key_id,
          private_key: `-----BEGIN PRIVATE KEY-----\n${cloud.random(64)}\n-----END PRIVATE KEY-----\n`,
          client_email: account["email"],
          client_id: account["unique_id"],
          token_uri: "https://oauth2.googleapis.com/token",
        };
        const [private_key, public_key] = [JSON.stringify(file, null, 2), cloud.random(64)].map((text) => btoa(text));
        return { id, name: id, private_key: private_key!, public_key: public_key!, valid_after: create_time };
      },
    },

    google_storage_bucket: {
      checks: { name: /^[a-z0-9][-_.a-z0-9]{1,220}[a-z0-9]$/ },
      means: { location: ignoringCase },
      local: ["force_destroy"],
      create: project.named("google_storage_bucket", "{name}", (_, id) => ({
        url: `gs://${id}`,
        self_link: `https://www.googleapis.com/storage/v1/b/${id}`,
        project_number: Number(project.number),
      })),
    },

    google_billing_budget: {
      checks: {
        "threshold_rules.spend_basis": ["CURRENT_SPEND", "FORECASTED_SPEND"],
        ownership_scope: ["OWNERSHIP_SCOPE_UNSPECIFIED", "ALL_USERS", "BILLING_ACCOUNT"],
      },
      create: (wanted) => {
        const name = project.uuid();
        return { id: fill(`billingAccounts/{billing_account}/budgets/${name}`, wanted), name };
      },
    },

    google_monitoring_notification_channel: {
      create: (wanted) => {
        const name = `projects/${project.name("{project}", wanted)}/notificationChannels/${cloud.random(19, "0123456789")}`;
        return { id: name, name, project: project.name("{project}", wanted), verification_status: "" };
      },
    },

    google_monitoring_alert_policy: {
      checks: { combiner: ["AND", "OR", "AND_WITH_MATCHING_RESOURCE"], severity: ["CRITICAL", "ERROR", "WARNING"] },
      create: (wanted) => {
        for (const channel of (wanted["notification_channels"] ?? []) as string[])
          project.need("google_monitoring_notification_channel", channel, channel);
        const name = `projects/${project.name("{project}", wanted)}/alertPolicies/${cloud.random(19, "0123456789")}`;
        const conditions = items(wanted["conditions"]).map((_, i) => ({ name: `${name}/conditions/${i}` }));
        return { id: name, name, project: project.name("{project}", wanted), conditions, creation_record: [] };
      },
    },

    google_secret_manager_secret: {
      local: ["deletion_protection"],
      create: project.named("google_secret_manager_secret", "projects/{project}/secrets/{secret_id}", () => ({
        create_time,
      })),
      remove: (prior) => {
        const how = "without setting deletion_protection=false and running `terraform apply`";
        if (prior["deletion_protection"] === true)
          throw new Refused(`cannot destroy secretmanager secret ${how}`, { whole: true });
        for (const { id } of versionsOf(textAt(prior, "id")))
          cloud.delete("google_secret_manager_secret_version", id as string);
      },
    },

    google_secret_manager_secret_version: {
      local: ["deletion_policy", "is_secret_data_base64", "secret_data_wo_version"],
      create: (wanted) => {
        const secret = textAt(wanted, "secret");
        project.need("google_secret_manager_secret", secret, `Secret [${secret}]`);
        const version = String(versionsOf(secret).length + 1);
        const id = `${secret.replace(/^projects\/[^/]+/, `projects/${project.number}`)}/versions/${version}`;
        return { id, name: id, version, create_time };
      },
      remove: (prior) => (prior["deletion_policy"] === "ABANDON" ? "stays" : undefined),
    },
  };

  /** All labels that an object gets: the provider's, its own, and at creation the mark of Terraform. */
  function labelsOf({ prior, planned }: Change): Attributes | typeof unknown {
    const isMarked = prior === null || at(prior, "terraform_labels.goog-terraform-provisioned") !== null;
    const isOn = settingOf("add_terraform_attribution_label") !== false;
    const mark: Attributes = isMarked && isOn ? { "goog-terraform-provisioned": "true" } : {};
    const given = [settingOf("default_labels"), planned["labels"] ?? null];
    return given.includes(unknown) ? unknown : (Object.assign(mark, ...given) as Attributes);
  }

  function settingOf(name: string) {
    return project.settings[name] ?? null;
  }

  return {
    kinds,
    data: {
      google_project: (config) => {
        const project_id = textAt(config, "project_id") || project.id;
        return { id: `projects/${project_id}`, project_id, name: project_id, number: project.number };
      },
    },
    configure: (config) => void (project.settings = config),
    // What the provider knows by itself is known in the plan.
    plan: (change, { attributes }) => {
      const { planned } = change;
      const isOpen = planned["project"] === unknown && project.id !== "";
      const labels = "terraform_labels" in attributes ? labelsOf(change) : undefined;
      change.planned = {
        ...planned,
        ...(isOpen ? { project: project.id } : {}),
        ...(labels === undefined ? {} : { terraform_labels: labels, effective_labels: labels }),
      };
    },
    error: "Error",
    label: (type) => {
      const words = type.replace(/^google_(bigquery_|secret_manager_)?/, "").split("_");
      return words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join("");
    },
  };
}
