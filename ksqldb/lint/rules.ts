/**
 * The house rules of the statements and the traps of ksqlDB: what is looked for, what a server does with it, and the cure.
 * What the grammar or the analysis refuses is not repeated here.
 */
import { catalog, type RawTopic } from "../../schemas/catalog.ts";
import type { OutputColumn, Source } from "../../engine/analysis/plan.ts";
import type { Outline } from "../outline.ts";
import { disagreements, type Disagreement } from "../describe.ts";
import { literal } from "../../engine/expressions/typed.ts";
import {
  type Expression,
  type Node,
  nodesIn,
  type Place,
  type Query,
  type Statement,
} from "../../engine/language/ast.ts";
import { typeNameText } from "../../engine/language/canonical-text.ts";
import { INTEGER, STRING, typeText } from "../../engine/language/types.ts";
import { conditions, excludes, itemOf, items, nameOf, plainText, type TypeOf } from "./expressions.ts";

/** A statement, and what is known of it. */
interface Subject {
  readonly file: string;
  readonly text: string;
  readonly statement: Statement;
  readonly files: readonly string[];
  /** What it makes; undefined where it is not understood, or what it reads is not. */
  readonly source: Source | undefined;
  /** Of a CREATE … AS that is understood. */
  readonly plan: Outline | undefined;
  readonly plans: readonly Outline[];
  /** Types of its expressions, as far as they are known. */
  readonly type: TypeOf;
}

type Hit = { readonly at: Pick<Place, "line" | "column">; readonly what?: string };

interface Rule {
  readonly find: (subject: Subject) => readonly Hit[];
  /** What a server does with it. */
  readonly server: string;
  readonly cure: string;
}

const day = 24 * 60 * 60 * 1000;
const key = "PRODUCT_KEY";

/** A rule's `find` over the query of a CREATE … AS. */
const inQuery = (find: (query: Query, subject: Subject) => readonly Hit[]) => (subject: Subject) =>
  subject.statement.kind === "createAs" ? find(subject.statement.query, subject) : [];

/** Every node of the query that breaks something. */
const each = (broken: (node: Node, type: TypeOf, query: Query) => boolean | undefined) =>
  inQuery((query, { type }) => nodesIn(query).filter((node) => broken(node, type, query)));

/** Columns of the value that break something, at the items that make them. */
const inValue = (broken: (column: OutputColumn, source: Source) => boolean) =>
  inQuery((query, { plan }) =>
    (plan?.columns ?? [])
      .filter((column) => broken(column, plan!.source))
      .map(({ name, type }) => ({ at: (itemOf(query, name) ?? query).at, what: `${name} ${typeText(type)}` })),
  );

/** Where the statement differs from the catalogue or the schema. */
const about = (what: Disagreement["about"]) => (subject: Subject) =>
  disagreements([subject]).filter((disagreement) => disagreement.about === what);

const property = ({ properties }: Statement, name: string) => properties.find((other) => other.name === name);

const hasItem = (query: Query, name: string, text: string) =>
  items(query).some((item) => nameOf(item) === name && plainText(item.expression, query) === text);

const isCall = (node: Node, ...names: readonly string[]): node is Expression & { kind: "call" } =>
  node.kind === "call" && names.includes(node.name);

const isArithmetic = (node: Node, op: string): node is Expression & { kind: "arithmetic" } =>
  node.kind === "arithmetic" && node.op === op;

const sides = ({ left, right }: Expression & { kind: "arithmetic" }, type: TypeOf) =>
  new Set([type(left), type(right)]);

const isMilliseconds = (node: Node) =>
  node.kind === "name" && ["ROWTIME", "WINDOWSTART", "WINDOWEND"].includes(node.name);

const readsType = (part: Expression) => part.kind === "name" && part.name === "type";

export const rules: Readonly<Record<string, Rule>> = {
  file: {
    find: ({ file, files, statement: { name } }) => {
      const [, number, rest] = /\/(\d\d)_([^/]*)\.sql$/.exec(file) ?? [];
      const twice = files.filter((other) => other.includes(`/${number}_`)).length > 1;
      return rest !== name.name.toLowerCase() || twice ? [name] : [];
    },
    server: "knows nothing of files: the number is the order of creation, and apply finds the statement by its name",
    cure: "one statement per file, NN_<its name in lower case>.sql, with a number that no other file has",
  },
  topic: {
    find: (subject) => {
      const topic = property(subject.statement, "KAFKA_TOPIC");
      const wanted = subject.statement.name.name.toLowerCase();
      const { at } = topic ?? subject.statement;
      return topic?.value === wanted ? about("topic")(subject) : [{ at, what: `KAFKA_TOPIC must be ${wanted}` }];
    },
    server: "names a topic in upper case by default, and nothing sinks a topic that Terraform does not create",
    cure: "KAFKA_TOPIC = the name of the stream or table in lower case, as in schemas/catalog.ts, with the same writer",
  },
  with: {
    find: about("with"),
    server:
      'refuses the statement, because the topic that Terraform created "already exists, with different partition/replica/retention configuration than required"; and the registry later refuses a record with another name',
    cure: "write PARTITIONS, RETENTION_MS and VALUE_SCHEMA_FULL_NAME as schemas/catalog.ts has them",
  },
  declared: {
    find: about("declared"),
    server:
      "reads NULL if the record has no such field, skips the record if a type differs, and takes microseconds that are declared TIMESTAMP for milliseconds",
    cure: "declare the fields of the .avsc in its order: a timestamp-micros as BIGINT",
  },
  format: {
    find: ({ statement }) =>
      Object.entries({ KEY_FORMAT: "KAFKA", VALUE_FORMAT: "AVRO" }).flatMap(([name, value]) => {
        const given = property(statement, name);
        return String(given?.value).toUpperCase() === value ? [] : [{ at: (given ?? statement).at, what: name }];
      }),
    server: "takes the source's format, or its own default, which may differ from those of producer and sink",
    cure: "KEY_FORMAT = 'KAFKA' and VALUE_FORMAT = 'AVRO'",
  },
  "lower-case": {
    find: ({ statement }) => {
      const named =
        statement.kind === "create"
          ? statement.columns.map(({ name, at }) => ({ what: name, at }))
          : items(statement.query).map((item) => ({ what: nameOf(item), at: (item.name ?? item).at }));
      return named.filter(({ what }) => what !== what.toLowerCase() && what !== key);
    },
    server: "turns names without back quotes into upper case, in Avro too: the table's column has another name",
    cure: "AS `name`, in back quotes and lower case",
  },
  star: {
    find: inQuery((query) => query.items.filter(({ kind }) => kind !== "item")),
    server: "writes the columns that the source had when the statement was created, and never one that is added",
    cure: "name the columns",
  },
  key: {
    find: ({ statement, source }) => {
      if (statement.kind === "create") {
        const keys = statement.columns.filter((column) => column.key !== "");
        return keys.map(({ name, type }) => `${name} ${typeNameText(type)}`).join() === `${key} STRING`
          ? []
          : [statement];
      }
      const { query } = statement;
      const by = query.group ?? query.partition;
      const isRekeyed = by !== null && (query.group === null || by.map((one) => plainText(one, query)).join() !== key);
      const isRenamed = source !== undefined && source.key.columns[0].name !== key;
      return isRekeyed || isRenamed ? [by?.[0] ?? query] : [];
    },
    server: "finds no product under another key; a new key costs one more topic with all records, and their order",
    cure: "the key is product_key STRING, keeps its name, and is all of GROUP BY; no PARTITION BY",
  },
  window: {
    find: inQuery(({ window }) => (window && (window.retention !== 2 * day || window.grace !== day) ? [window] : [])),
    server:
      "has other defaults for grace period and retention: a recovered trade counts in one table and not in another",
    cure: "WINDOW TUMBLING (SIZE …, RETENTION 2 DAYS, GRACE PERIOD 1 DAY)",
  },
  "key-copied": {
    find: inQuery((query) => [
      ...(hasItem(query, "product_id", `AS_VALUE(${key})`) ? [] : [query]),
      ...(query.window === null || hasItem(query, "time", "(WINDOWSTART * 1000)") ? [] : [query.window]),
    ]),
    server: "keeps key and window out of the value, all that a sink sees: rows without a product, bars that look alike",
    cure: "AS_VALUE(product_key) AS `product_id`; WINDOWSTART * 1000 AS `time`, -- [timestamp] Start of the window",
  },
  type: {
    find: inValue(({ type }) => !["STRING", "BIGINT", "INTEGER", "BOOLEAN"].includes(type.base)),
    server: "fails on a DECIMAL too long for Avro, rounds a DOUBLE, truncates a TIMESTAMP; the tables have no lists",
    cure: "CAST(… AS STRING) for amounts, BIGINT microseconds for times, EXPLODE or an element of a list",
  },
  meaning: {
    find: (subject) => [
      ...(/^--[ \t]*\S/.test(subject.text) ? [] : [{ at: subject.statement.at, what: "what a row is" }]),
      ...inValue(({ typed, comment }, { value }) => {
        const passed = value.columns.some(({ name }) => name === typed.column);
        return !passed && !comment?.replace("[timestamp]", "").trim();
      })(subject),
    ],
    server: "ignores comments, but BigQuery gets the descriptions of table and columns from them",
    cure: "say what a row is in the first lines, after --; write one column per line, and behind it -- and its meaning",
  },
  where: {
    find: inQuery((query) => {
      const explodes = nodesIn(query.items).some((node) => isCall(node, "EXPLODE"));
      return query.where === null && (query.group !== null || explodes) ? [query] : [];
    }),
    server: "ends the query when a record without a value reaches a windowed aggregate",
    cure: "a WHERE that every good row passes, such as WHERE `trade_id` IS NOT NULL",
  },
  "empty-series": {
    find: each((node, _, query) => {
      const end = isCall(node, "GENERATE_SERIES") && node.args[1];
      if (!end || end.kind === "literal") return false;
      const text = plainText(end, query);
      return !excludes(query, (part) => plainText(part, query) === text, literal(INTEGER, 0));
    }),
    server: "counts down from 1 to 0 for an empty list: two rows out of nothing",
    cure: "WHERE ARRAY_LENGTH(list) > 0",
  },
  condition: {
    find: inQuery((query) =>
      conditions(query).filter(({ kind }) => ["name", "call", "subscript", "field", "case", "cast"].includes(kind)),
    ),
    server: "ends the query if the whole WHERE is NULL, and drops the row or the column if a part is",
    cure: "compare: … = true, which is false for NULL",
  },
  not: {
    find: each((node, _, query) => {
      const compared = node.kind === "not" && node.operand.kind === "compare" ? node.operand.left : undefined;
      const operand = node.kind === "in" && node.negated ? node.operand : compared;
      if (operand?.kind !== "name") return false;
      const text = plainText(operand, query);
      return !nodesIn(query).some((other) => other.kind === "isNull" && plainText(other.operand, query) === text);
    }),
    server: "knows only true and false: NULL is not in any list and equals nothing, so its row passes",
    cure: "add AND … IS NOT NULL, or OR … IS NULL if that is meant",
  },
  division: {
    find: each((node, type) => isCall(node, "AVG") || (isArithmetic(node, "/") && sides(node, type).has("DECIMAL"))),
    server: "makes a DECIMAL quotient without an end, such as 1 / 3, NULL; AVG is a DOUBLE, and 0.0 for no rows",
    cure: "write both sums, or SUM and COUNT, and divide in the view",
  },
  "by-offset": {
    find: each((node) => isCall(node, "EARLIEST_BY_OFFSET", "LATEST_BY_OFFSET")),
    server: "follows the order of arrival: a recovered or late trade becomes the close of its bar",
    cure: "TOPK(`trade_id`, `price`, 1)[1]->`col0` for the last, with 0 - `trade_id` for the first",
  },
  "text-order": {
    find: each((node, type) => {
      if (node.kind === "compare") return !["=", "<>"].includes(node.op) && type(node.left) === "STRING";
      if (node.kind === "between") return type(node.operand) === "STRING";
      const [first] = isCall(node, "MIN", "MAX", "TOPK", "GREATEST", "LEAST") ? node.args : [];
      return first !== undefined && type(first) === "STRING";
    }),
    server: "compares text letter by letter: '9' is more than '10', and prices and sizes are text",
    cure: "CAST(… AS DECIMAL(38, 9)) first",
  },
  exact: {
    find: each((node, type) => {
      if (node.kind === "literal") return node.type === "DOUBLE";
      if (isCall(node, "SUM")) return type(node) === "INTEGER";
      const inexact = /DOUBLE|DECIMAL(?!\(38, 9\)|\(77, 18\))/;
      return node.kind === "cast" && inexact.test(typeNameText(node.type));
    }),
    server: "rounds a DOUBLE, lets a SUM of INTEGER wrap around, and ends the query if one of DECIMAL overflows",
    cure: "DECIMAL(38, 9) for prices and sizes, DECIMAL(77, 18) for their products, BIGINT for whole numbers",
  },
  timestamp: {
    find: (subject) => [
      ...subject.statement.properties.filter(({ name }) => name === "TIMESTAMP"),
      ...each((node, _, query) => {
        if (node.kind === "cast") return typeNameText(node.type) === "TIMESTAMP";
        if (node.kind === "item") return isMilliseconds(node.expression);
        if (isCall(node, "FROM_UNIXTIME")) return node.args.some((arg) => arg.kind === "name" && !isMilliseconds(arg));
        const pattern = isCall(node, "PARSE_TIMESTAMP", "STRINGTOTIMESTAMP") && node.args[1];
        return pattern && /^[^[]*S/.test(plainText(pattern, query));
      })(subject),
    ],
    server: "counts in milliseconds, records and tables in microseconds; a text with six decimals becomes NULL",
    cure: "`time` is there, and the record's own; WINDOWSTART * 1000 is that of a window",
  },
  "text-null": {
    find: each((node, type) => isArithmetic(node, "+") && sides(node, type).has("STRING")),
    server: "writes the word null: 'a' + NULL is 'anull'",
    cure: "CONCAT, which ignores NULL",
  },
  "raw-source": {
    find: inQuery((query, { plan, plans }) => {
      const isDerived =
        plans.some(({ sink }) => sink.topic === plan?.source.topic) ||
        catalog.some(({ name, writtenBy }) => name === plan?.source.topic && writtenBy === "ksqldb");
      return plan?.aggregation !== undefined && isDerived ? [query.from.name] : [];
    }),
    server:
      "writes every row of a derived topic again when its statement is replaced or recreated, and an aggregate over it counts them twice, permanently",
    cure: "read the raw topic, with the conditions and expressions of the statement in between",
  },
  "last-match": {
    find: inQuery((query, { plan }) => {
      const open =
        plan?.aggregation !== undefined &&
        plan.source.topic === ("coinbase_full" satisfies RawTopic) &&
        !excludes(query, readsType, literal(STRING, "last_match"));
      return open ? [query.from.name] : [];
    }),
    server: "counts a past trade again: a last_match repeats the last trade at every subscription",
    cure: "WHERE `type` = 'match'",
  },
};
