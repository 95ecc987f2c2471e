/** BigQuery's types, as Google's provider meets them. */
import { isChangeable, meansSameSchema, missing, schemaFault, toColumns } from "./bigquery-columns.ts";
import type { Project } from "./google-project.ts";
import { at, items, textAt, textOf, type Attributes } from "./values.ts";
import { ignoringCase, Refused, type Check, type Kind } from "./vendor.ts";

const now = Date.UTC(2026, 0, 1);
const times = { creation_time: now, last_modified_time: now, etag: "5Xv0tW1w2Yc=" };

const anHour: Check = (value) =>
  Number(value) < 3_600_000
    ? '"default_table_expiration_ms" cannot be shorter than 3600000 milliseconds (one hour)'
    : undefined;

const datasetPattern = "projects/{project}/datasets/{dataset_id}";

export function bigqueryKinds(project: Project): Record<string, Kind> {
  const { cloud } = project;

  function needDataset(object: Attributes): Attributes {
    const what = project.name("Dataset {project}:{dataset_id}", object);
    return project.need("google_bigquery_dataset", project.name(datasetPattern, object), what);
  }

  /** What a view queries must be there, if it is the project's own. */
  function needQueried(view: Attributes): void {
    for (const [, owner, dataset, name] of textAt(view, "view.query").matchAll(/`([\w-]+)\.(\w+)\.(\w+)`/g)) {
      if (owner !== project.name("{project}", view)) continue;
      const place = `projects/${owner}/datasets/${dataset}`;
      if (cloud.find("google_bigquery_routine", `${place}/routines/${name}`) === undefined)
        project.need("google_bigquery_table", `${place}/tables/${name}`, `Table ${owner}:${dataset}.${name}`);
    }
  }

  const tablePattern = `${datasetPattern}/tables/{table_id}`;
  const table: Kind = {
    checks: {
      schema: (value) => schemaFault(textOf(value)),
      "time_partitioning.type": ["DAY", "HOUR", "MONTH", "YEAR"],
    },
    means: { schema: meansSameSchema },
    local: ["deletion_protection", "ignore_auto_generated_schema", "ignore_schema_changes", "table_metadata_view"],
    plan: ({ prior, planned, replace }) => {
      const [before, after] = [prior?.["schema"], planned["schema"]];
      if (typeof before !== "string" || typeof after !== "string" || before === after) return;
      if (!isChangeable(toColumns(before), toColumns(after))) replace.push(["schema"]);
    },
    create: project.named("google_bigquery_table", tablePattern, (wanted, id) => {
      const location = textAt(needDataset(wanted), "location");
      needQueried(wanted);
      const type = items(wanted["view"]).length > 0 ? "VIEW" : "TABLE";
      return { ...times, type, location, schema: "[]", self_link: link(id) };
    }),
    update: (wanted, prior) => {
      needQueried(wanted);
      const [was, is] = [prior, wanted].map((one) => textAt(one, "time_partitioning.type"));
      if (was !== is)
        throw new Refused(
          `googleapi: Error 400: Cannot change the partitioning of a table from ${was} to ${is}, invalid`,
        );
      // Whoever added them.
      const there = textAt(cloud.get("google_bigquery_table", textAt(prior, "id")), "schema");
      const [dropped] = missing(toColumns(there), toColumns(textAt(wanted, "schema")));
      // Otherwise the provider runs ALTER TABLE, which a view does not take.
      const isKept = wanted["ignore_auto_generated_schema"] === true || items(wanted["view"]).length > 0;
      if (dropped !== undefined && isKept) {
        const what = project.name("Table {project}:{dataset_id}.{table_id}", wanted);
        const why = `Field ${dropped.name} is missing in new schema`;
        throw new Refused(`googleapi: Error 400: Provided Schema does not match ${what}. ${why}, invalid`);
      }
      return { last_modified_time: now + 1 };
    },
    remove: ({ id, deletion_protection }) => {
      const how = "without setting deletion_protection=false and running `terraform apply`";
      if (deletion_protection === true)
        throw new Refused(`cannot destroy table ${id as string} ${how}`, { whole: true });
    },
    // Columns that someone else added are not seen then.
    read: (object, state) => {
      const own = toColumns(textAt(state, "schema"));
      if (state["ignore_auto_generated_schema"] !== true || own.length === 0) return object;
      const known = toColumns(textAt(object, "schema")).filter(({ name }) =>
        own.some((column) => column.name === name),
      );
      return { ...object, schema: JSON.stringify(known) };
    },
  };

  const json: Check = (value) => schemaFault(`[${textOf(value)}]`);
  return {
    google_bigquery_table: table,

    google_bigquery_dataset: {
      checks: { dataset_id: /^\w{1,1024}$/, default_table_expiration_ms: anHour },
      means: { location: ignoringCase },
      local: ["delete_contents_on_destroy"],
      create: project.named("google_bigquery_dataset", datasetPattern, (_, id) => {
        return { ...times, self_link: link(id), max_time_travel_hours: "168" };
      }),
      remove: (prior) => {
        for (const type of ["google_bigquery_table", "google_bigquery_routine"])
          for (const id of cloud.all(type).map((one) => textAt(one, "id"))) {
            if (!id.startsWith(`${textAt(prior, "id")}/`)) continue;
            const what = project.name("Dataset {project}:{dataset_id}", prior);
            if (prior["delete_contents_on_destroy"] === true) cloud.delete(type, id);
            else throw new Refused(`googleapi: Error 400: ${what} is still in use, resourceInUse`);
          }
      },
    },

    google_bigquery_dataset_iam_member: project.iamMember(datasetPattern, needDataset),

    google_bigquery_routine: {
      checks: {
        routine_type: ["SCALAR_FUNCTION", "PROCEDURE", "TABLE_VALUED_FUNCTION"],
        language: ["SQL", "JAVASCRIPT", "PYTHON", "JAVA", "SCALA"],
        determinism_level: ["DETERMINISM_LEVEL_UNSPECIFIED", "DETERMINISTIC", "NOT_DETERMINISTIC"],
        "arguments.argument_kind": ["FIXED_TYPE", "ANY_TYPE"],
        "arguments.data_type": json,
        return_type: json,
      },
      create: project.named("google_bigquery_routine", `${datasetPattern}/routines/{routine_id}`, (wanted) => {
        needDataset(wanted);
        return times;
      }),
    },

    google_bigquery_data_transfer_config: {
      create: (wanted) => {
        const dataset_id = at(wanted, "destination_dataset_id");
        if (dataset_id !== null) needDataset({ ...wanted, dataset_id });
        project.needAccount(textAt(wanted, "service_account_name"));
        const id = project.name(
          `projects/${project.number}/locations/{location}/transferConfigs/${project.uuid()}`,
          wanted,
        );
        return { id, name: id, project: project.name("{project}", wanted) };
      },
    },
  };
}

function link(id: string): string {
  return `https://bigquery.googleapis.com/bigquery/v2/${id}`;
}
