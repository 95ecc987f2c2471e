/**
 * Writes `providers.json` again from what the real providers printed:
 *
 *     npx tsx test/infra/fake/make-fixture.ts FOLDER
 *
 * FOLDER holds `<provider>-<version>.schema.json` (`terraform providers schema -json`) and `<provider>-<version>.behaviour.json`,
 * which has what the schema does not say.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fixtureFile, type ProviderName, type ShortBlock, type ShortProvider, type Type } from "./fixture.ts";

type Flag = "required" | "optional" | "computed" | "sensitive" | "write_only";
type RealAttribute = { readonly type: Type } & { readonly [flag in Flag]?: boolean };

export interface RealBlock {
  readonly attributes?: Readonly<Record<string, RealAttribute>>;
  readonly block_types?: Readonly<
    Record<string, { nesting_mode: string; min_items?: number; max_items?: number; block: RealBlock }>
  >;
}

interface RealSchema {
  readonly version: number;
  readonly block: RealBlock;
}

export interface RealProvider {
  readonly provider: RealSchema;
  readonly resource_schemas: Readonly<Record<string, RealSchema>>;
  readonly data_source_schemas: Readonly<Record<string, RealSchema>>;
}

/** What the schema does not say of an argument. */
export interface Behaviour {
  readonly computed?: boolean;
  readonly force_new?: boolean;
  readonly default?: unknown;
  readonly max_items?: number;
  readonly exactly_one_of?: readonly string[];
  readonly at_least_one_of?: readonly string[];
  readonly conflicts_with?: readonly string[];
  readonly required_with?: readonly string[];
  readonly block?: Behaviours;
}

type Behaviours = Readonly<Record<string, Behaviour>>;

/** What a stack of ours may use. */
const used = {
  confluent: {
    source: "confluentinc/confluent",
    resources:
      "environment kafka_cluster service_account role_binding api_key kafka_topic kafka_acl schema subject_config " +
      "ksql_cluster connector provider_integration_setup provider_integration_authorization tag tag_binding",
    data: "schema_registry_cluster organization environment",
  },
  google: {
    source: "hashicorp/google",
    resources:
      "bigquery_dataset bigquery_dataset_iam_member bigquery_table bigquery_routine bigquery_data_transfer_config " +
      "project_service project_iam_member project_iam_custom_role service_account service_account_key " +
      "service_account_iam_member storage_bucket billing_budget secret_manager_secret secret_manager_secret_version " +
      "monitoring_notification_channel monitoring_alert_policy",
    data: "project",
  },
} as const;

/** Optional ones that no stack of ours will use, by resource and name. */
const leftOut =
  /^(provider:(.*_custom_endpoint|oauth|external_credentials|batching)|confluent_schema:(metadata|ruleset)|google_bigquery_dataset:external_.*|google_bigquery_table:(external_.*|biglake_configuration|schema_foreign_type_info|table_replication_info)|google_bigquery_routine:(spark|remote_function)_options|google_monitoring_alert_policy:conditions\.(condition_(absent|matched_log|monitoring_query_language|prometheus_query_language|sql)|condition_threshold\.(denominator_.*|forecast_options))|google_storage_bucket:(ip_filter|custom_placement_config|hierarchical_namespace|website|cors))$/;

/** Reads what a real provider printed. */
export function readReal(
  folder: string,
  name: ProviderName,
): { real: RealProvider; behaviours: Record<string, Behaviours> } {
  const read = (ending: string): unknown => {
    const file = readdirSync(folder).find((one) => one.startsWith(`${name}-`) && one.endsWith(`.${ending}.json`));
    return JSON.parse(readFileSync(join(folder, file ?? `${name}-*.${ending}.json`), "utf8"));
  };
  const schemas = read("schema") as { provider_schemas: Record<string, RealProvider> };
  const behaviour = read("behaviour") as Record<string, { attributes: Behaviours }>;
  return {
    real: schemas.provider_schemas[`registry.terraform.io/${used[name].source}`]!,
    behaviours: Object.fromEntries(Object.entries(behaviour).map(([type, { attributes }]) => [type, attributes])),
  };
}

/** What is to be known of a provider, in short. */
export function makeFixture(folder: string, name: ProviderName): ShortProvider {
  const { real, behaviours } = readReal(folder, name);
  const pick = (types: string, from: RealProvider["resource_schemas"], known: Readonly<Record<string, Behaviours>>) =>
    Object.fromEntries(
      types.split(" ").map((type) => {
        const behaviour = known[`${name}_${type}`] ?? {};
        const { version, block } = from[`${name}_${type}`]!;
        const head = version === 0 ? [] : [`version=${version}`];
        return [`${name}_${type}`, shorten(block, behaviour, head, `${name}_${type}`, rulesOf(behaviour))];
      }),
    );
  return {
    source: used[name].source,
    provider: shorten(real.provider.block, {}, [], "provider", new Map()),
    resources: pick(used[name].resources, real.resource_schemas, behaviours),
    data: pick(used[name].data, real.data_source_schemas, {}),
  };
}

function shorten(
  { attributes = {}, block_types = {} }: RealBlock,
  behaviours: Behaviours,
  head: readonly string[],
  resource: string,
  rules: ReadonlyMap<string, ReadonlySet<string>>,
  path = "",
): ShortBlock {
  const isUsed = (name: string) => !leftOut.test(`${resource}:${path}${name}`);
  const words = [...head, ...(rules.get(path) ?? [])].join(" ");
  const short: Record<string, string | ShortBlock> = words === "" ? {} : { "": words };
  for (const [name, attribute] of Object.entries(attributes).filter(([one]) => isUsed(one))) {
    const flags = (["required", "optional", "computed", "sensitive", "write_only"] as const).filter(
      (one) => attribute[one],
    );
    short[name] = [toText(attribute.type), ...flags, ...wordsOf(behaviours[name])].join(" ");
  }
  for (const [name, { nesting_mode, min_items, max_items, block }] of Object.entries(block_types)) {
    if (!isUsed(name)) continue;
    const behaviour = behaviours[name];
    const inner = [
      nesting_mode,
      ...(min_items ? [`min=${min_items}`] : []),
      ...(max_items ? [`max=${max_items}`] : []),
    ];
    if (behaviour?.computed) inner.push("computed");
    if (behaviour?.force_new) inner.push("force_new");
    short[name] = shorten(block, behaviour?.block ?? {}, inner, resource, rules, `${path}${name}.`);
  }
  return short;
}

function wordsOf(behaviour: Behaviour | undefined): string[] {
  const words = behaviour?.force_new ? ["force_new"] : [];
  if (behaviour?.default !== undefined) words.push(`default=${JSON.stringify(behaviour.default)}`);
  if (behaviour?.max_items !== undefined) words.push(`max=${behaviour.max_items}`);
  return words;
}

/** By the path of the innermost block that has all their arguments. */
function rulesOf(behaviours: Behaviours): ReadonlyMap<string, ReadonlySet<string>> {
  const rules = new Map<string, Set<string>>();
  const add = (kind: string, paths: readonly string[]) => {
    const all = paths.map((path) => path.split(".").filter((step) => step !== "0"));
    const depth = all[0]!.findIndex((step, i) => all.some((path) => path[i] !== step || path.length === i + 1));
    const place = all[0]!.slice(0, depth).map((step) => `${step}.`);
    const rule = `${kind}=${all.map((path) => path.slice(depth).join(".")).join("|")}`;
    rules.set(place.join(""), (rules.get(place.join("")) ?? new Set()).add(rule));
  };
  const walk = (some: Behaviours, path: string): void => {
    for (const [name, one] of Object.entries(some)) {
      const own = `${path}${name}`;
      if (one.exactly_one_of) add("exactly_one_of", one.exactly_one_of.toSorted());
      if (one.at_least_one_of) add("at_least_one_of", one.at_least_one_of.toSorted());
      for (const other of one.conflicts_with ?? []) add("conflicts", [own, other.replaceAll(".0.", ".")].toSorted());
      for (const other of one.required_with ?? []) add("required_with", [own, other]);
      if (one.block) walk(one.block, `${own}.`);
    }
  };
  walk(behaviours, "");
  return rules;
}

function toText(type: Type): string {
  if (typeof type === "string") return type;
  if (type[0] !== "object") return `${type[0]}(${toText(type[1])})`;
  return `object(${Object.entries(type[1])
    .map(([name, inner]) => `${name}:${toText(inner)}`)
    .join(",")})`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2]!;
  const all = { confluent: makeFixture(folder, "confluent"), google: makeFixture(folder, "google") };
  writeFileSync(fixtureFile, JSON.stringify(all));
  execFileSync("npx", ["oxfmt", fixtureFile], { stdio: "inherit" });
}
