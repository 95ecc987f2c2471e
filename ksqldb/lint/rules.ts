/**
 * The house rules of the statements and the traps of ksqlDB: what is looked for, what a server does with it, and the cure.
 * What the grammar or the analysis refuses is not repeated here.
 */
import { topics, type Topic } from "../../schemas/catalog.ts";
import type { Column } from "../../schemas/tables.ts";
import type { OutputColumn, Plan, Source } from "../analysis/plan.ts";
import type { Disagreement } from "../describe.ts";
import type { Expression, Item, Place, Query, Statement } from "../language/ast.ts";
import { typeNameText } from "../language/format.ts";
import type { SqlType } from "../language/types.ts";
import { conditions, conjuncts, expressionsIn, mayBeNull, plainText, typesIn, type Of } from "./expressions.ts";

/** A statement, and what is known of it. */
export interface Subject {
  readonly file: string;
  readonly text: string;
  readonly statement: Statement;
  /** Its text; comments, texts and quoted names are blanks. */
  readonly code: string;
  /** Whether it is the first of its file. */
  readonly first: boolean;
  readonly files: readonly string[];
  readonly topic: Topic | undefined;
  readonly disagreements: readonly Disagreement[];
  /** Undefined where the statement is not understood, or what it reads is not. */
  readonly plan: Plan | undefined;
  readonly plans: readonly Plan[];
  /** Columns of the table that it fills. */
  readonly columns: readonly Column[] | undefined;
}

interface Hit {
  readonly at: Pick<Place, "line" | "column">;
  readonly what?: string;
}

export interface Rule {
  readonly name: string;
  readonly find: (subject: Subject) => readonly Hit[];
  readonly server: string;
  readonly cure: string;
}

const day = 24 * 60 * 60 * 1000;
const key = "PRODUCT_KEY";

const queryOf = ({ statement }: Subject): Query | undefined =>
  statement.kind === "createAs" ? statement.query : undefined;

/** A rule's `find` over the query of a CREATE … AS. */
const inQuery = (find: (query: Query, subject: Subject) => readonly Hit[]) => (subject: Subject) => {
  const query = queryOf(subject);
  return query === undefined ? [] : find(query, subject);
};

/** Expressions of one kind, anywhere in the query. */
const each = <K extends Expression["kind"]>(
  kind: K,
  broken: (expression: Of<K>, query: Query, type: (expression: Expression) => SqlType | undefined) => boolean,
) =>
  inQuery((query, { plan }) => {
    const type = plan === undefined ? () => undefined : typesIn(plan);
    return expressionsIn(query).filter(
      (expression): expression is Of<K> => expression.kind === kind && broken(expression as Of<K>, query, type),
    );
  });

const calls = (...names: readonly string[]) => each("call", ({ name }) => names.includes(name));

const items = (query: Query) => query.items.filter((item): item is Item & { kind: "item" } => item.kind === "item");

const nameOf = ({ name, expression }: Item & { kind: "item" }) =>
  name?.name ?? (expression.kind === "name" || expression.kind === "field" ? expression.name : "KSQL_COL_…");

export const itemOf = (query: Query, column: string | undefined) =>
  items(query).find((item) => nameOf(item) === column);

/** Columns of the value that break something, at the items that make them. */
const inValue = (broken: (column: OutputColumn, subject: Subject, own: string) => string | undefined) =>
  inQuery((query, subject) =>
    (subject.plan?.columns ?? []).flatMap((column): Hit[] => {
      // Without a name of its own it is found as such.
      if (column.name.startsWith("KSQL_COL_")) return [];
      const item = itemOf(query, column.name);
      const next = items(query).find(({ at }) => item !== undefined && at.offset > item.at.offset);
      const own = item === undefined ? "" : subject.text.slice(item.at.offset, next?.at.offset);
      const what = broken(column, subject, own);
      return what === undefined ? [] : [{ at: (item ?? query).at, what }];
    }),
  );

const declared =
  (find: (columns: (Statement & { kind: "create" })["columns"]) => readonly Hit[]) => (subject: Subject) =>
    subject.statement.kind === "create" ? find(subject.statement.columns) : [];

const about = (what: Disagreement["about"]) => (subject: Subject) =>
  subject.disagreements.filter((disagreement) => disagreement.about === what);

const isText = (expression: Expression, ...texts: readonly string[]) =>
  expression.kind === "literal" && expression.type === "STRING" && texts.includes(expression.value);

const isColumn = (expression: Expression, ...names: readonly string[]) =>
  expression.kind === "name" && names.includes(expression.name);

const milliseconds = ["ROWTIME", "WINDOWSTART", "WINDOWEND"];

/** Whether a condition lets no `last_match` pass. */
function excludesLastMatch(condition: Expression): boolean {
  if (condition.kind === "logic") {
    const sides = [condition.left, condition.right];
    return condition.op === "OR" ? sides.every(excludesLastMatch) : sides.some(excludesLastMatch);
  }
  if (condition.kind === "compare") {
    const sides = [condition.left, condition.right];
    const other = sides.find(({ kind }) => kind === "literal");
    if (other === undefined || !sides.some((side) => isColumn(side, "type"))) return false;
    return condition.op === (isText(other, "last_match") ? "<>" : "=");
  }
  if (condition.kind !== "in" || !isColumn(condition.operand, "type")) return false;
  const { list, negated } = condition;
  return list.every(({ kind }) => kind === "literal") && list.some((item) => isText(item, "last_match")) === negated;
}

function letsLastMatchIn(source: Source, plans: readonly Plan[]): boolean {
  if (source.topic === topics.coinbase_full.name) return true;
  const plan = plans.find(({ sink }) => sink === source);
  return plan !== undefined && !filters(plan) && letsLastMatchIn(plan.source, plans);
}

const filters = ({ statement }: Plan) => conjuncts(statement.query.where).some(excludesLastMatch);

/** Whether WHERE says that a series counts up. */
function countsUp({ args: [from, to] }: Of<"call">, query: Query): boolean {
  if (from?.kind !== "literal" || to === undefined) return false;
  if (to.kind === "literal") return Number(plainText(from, query)) <= Number(plainText(to, query));
  const [start, end] = [BigInt(plainText(from, query)), plainText(to, query)];
  const wanted = [
    `(${end} > ${start - 1n})`,
    `(${end} >= ${start})`,
    `(${start - 1n} < ${end})`,
    `(${start} <= ${end})`,
  ];
  return conjuncts(query.where).some((condition) => wanted.includes(plainText(condition, query)));
}

/** Whether the query asks somewhere if this is NULL. */
const asksForNull = (operand: Expression, query: Query) =>
  expressionsIn(query).some(
    (other) => other.kind === "isNull" && plainText(other.operand, query) === plainText(operand, query),
  );

const nested = ["ARRAY", "MAP", "STRUCT"];

export const rules: readonly Rule[] = [
  {
    name: "one-object",
    find: ({ first, statement }) => (first ? [] : [statement]),
    server: "runs both, but apply compares, replaces and names them by their file",
    cure: "a file of its own for each statement",
  },
  {
    name: "file-name",
    find: ({ first, file, files, statement: { name } }) => {
      const [, number, rest] = /(\d+)_([^/]*)\.sql$/.exec(file) ?? [];
      const twice = files.some((other) => other !== file && /(\d+)_[^/]*$/.exec(other)?.[1] === number);
      return first && (rest !== name.name.toLowerCase() || number!.length !== 2 || twice) ? [name] : [];
    },
    server: "knows no files: the number is the order of creation, and the name is how the statement is found",
    cure: "call it NN_<name in lower case>.sql, with a number that no other file has",
  },
  {
    name: "head-comment",
    find: ({ first, text, statement }) => (first && !/^--[ \t]*\S/.test(text) ? [statement] : []),
    server: "does not care, but the table in BigQuery gets its description from the comment at the head of the file",
    cure: "say in the first lines, after --, what a row is",
  },
  {
    name: "kafka-topic",
    find: ({ statement: { at, name, properties } }) => {
      const topic = properties.find((property) => property.name === "KAFKA_TOPIC");
      return topic?.value === name.name.toLowerCase() ? [] : [{ at: topic?.at ?? at }];
    },
    server:
      "names a topic in upper case where KAFKA_TOPIC is missing, on Confluent Cloud with the cluster's prefix before it, and the sink reads another",
    cure: "KAFKA_TOPIC = the name of the stream or table, in lower case",
  },
  {
    name: "topic",
    find: about("topic"),
    server: "does not mind: two may write one topic, and nothing sinks a topic that Terraform does not make",
    cure: "enter it in schemas/catalog.ts, or write the name as it stands there",
  },
  {
    name: "with",
    find: about("with"),
    server:
      'refuses the statement, as the topic that Terraform made "already exists, with different partition/replica/retention configuration than required"; a record of another name the registry refuses later',
    cure: "write PARTITIONS, RETENTION_MS and VALUE_SCHEMA_FULL_NAME as schemas/catalog.ts has them",
  },
  {
    name: "declared",
    find: about("declared"),
    server: "reads NULL where the record has no such field, and skips every record where its type is another one",
    cure: "declare the fields of the .avsc in its order: a timestamp-micros as BIGINT",
  },
  {
    name: "format",
    find: ({ statement: { at, properties } }) =>
      Object.entries({ KEY_FORMAT: "KAFKA", VALUE_FORMAT: "AVRO" }).flatMap(([name, value]) => {
        const given = properties.find((property) => property.name === name);
        return String(given?.value).toUpperCase() === value ? [] : [{ at: given?.at ?? at, what: name }];
      }),
    server: "takes the source's format, or its own default, which need not be what producer and sink have",
    cure: "KEY_FORMAT = 'KAFKA' and VALUE_FORMAT = 'AVRO'",
  },
  {
    name: "lower-case",
    find: (subject) => {
      const keys = subject.plan?.sink.key.columns.map(({ name }) => name) ?? [key];
      const named =
        subject.statement.kind === "create"
          ? subject.statement.columns.filter((column) => column.key === "").map(({ name, at }) => ({ name, at }))
          : items(subject.statement.query).map((item) => ({ name: nameOf(item), at: (item.name ?? item).at }));
      return named.flatMap(({ name, at }) =>
        name === name.toLowerCase() || keys.includes(name) ? [] : [{ at, what: name }],
      );
    },
    server: "makes names upper case that are not in back quotes, in Avro too: the table's column has another name",
    cure: "AS `name`, in back quotes and lower case",
  },
  {
    name: "star",
    find: inQuery((query) => query.items.filter(({ kind }) => kind !== "item")),
    server: "writes the columns that the source had when the statement was created; a column added there never comes",
    cure: "name the columns",
  },
  {
    name: "key",
    find: ({ statement, plan }) => {
      const keys =
        statement.kind === "create"
          ? statement.columns.filter((column) => column.key !== "").map(({ name, type }) => [name, typeNameText(type)])
          : plan?.sink.key.columns.map(({ name, type }) => [name, type.base]);
      const wrong = keys !== undefined && keys.join(" ") !== `${key},STRING`;
      return wrong ? [statement.kind === "create" ? statement : statement.query] : [];
    },
    server: "reads and writes other bytes than the producer's key, the product id: a product is in several partitions",
    cure: "the only key column is product_key STRING KEY, and it keeps its name",
  },
  {
    name: "repartition",
    find: inQuery((query, { plan }) => (plan?.rekeyed ? [(query.group ?? query.partition)?.[0] ?? query] : [])),
    server: "writes all records to a topic of its own first: twice the traffic, more partitions to pay, order lost",
    cure: "GROUP BY product_key, the key as it is, and no PARTITION BY",
  },
  {
    name: "key-copied",
    find: inQuery((query) => {
      const copied = items(query).some(
        (item) => plainText(item.expression, query) === `AS_VALUE(${key})` && nameOf(item) === "product_id",
      );
      return copied ? [] : [query];
    }),
    server: "leaves the key out of the value, which is all that the sink writes: rows without a product",
    cure: "AS_VALUE(product_key) AS `product_id`",
  },
  {
    name: "window",
    find: inQuery(({ window }) => (window && (window.retention !== 2 * day || window.grace !== day) ? [window] : [])),
    server:
      "takes a day less the size for a missing GRACE PERIOD, size plus grace for a missing RETENTION: a healed trade counts in one table and not in another",
    cure: "WINDOW TUMBLING (SIZE …, RETENTION 2 DAYS, GRACE PERIOD 1 DAY)",
  },
  {
    name: "emit-changes",
    find: inQuery((query, { code }) => (/\bEMIT\s+CHANGES\b/i.test(code) ? [] : [query])),
    server: "takes EMIT CHANGES, but a reader has to know it: EMIT FINAL loses windows",
    cure: "write EMIT CHANGES out",
  },
  {
    name: "window-start",
    find: inQuery((query) => {
      const start = ["(WINDOWSTART * 1000)", "(1000 * WINDOWSTART)"];
      const there = items(query).some(
        (item) => start.includes(plainText(item.expression, query)) && nameOf(item) === "time",
      );
      return query.window === null || there ? [] : [query.window];
    }),
    server: "keeps the window's start in the key's bytes only, where no sink sees it: all bars of a product look alike",
    cure: "WINDOWSTART * 1000 AS `time`, -- [timestamp] Start of the window",
  },
  {
    name: "milliseconds",
    find: inQuery((query) =>
      expressionsIn(query).filter(
        (expression) =>
          (expression.kind === "call" &&
            expression.name === "FROM_UNIXTIME" &&
            expressionsIn(expression.args).some(({ kind }) => kind === "name") &&
            !expressionsIn(expression.args).some(
              (arg) => isColumn(arg, ...milliseconds) || (arg.kind === "arithmetic" && arg.op === "/"),
            )) ||
          items(query).some(
            (item) =>
              item.expression === expression &&
              (isColumn(expression, ...milliseconds) ||
                (expression.kind === "call" && ["UNIX_TIMESTAMP", "STRINGTOTIMESTAMP"].includes(expression.name))),
          ),
      ),
    ),
    server: "counts milliseconds here, and the tables microseconds: a time in 1970, or thousands of years ahead",
    cure: "times 1000 on the way out, divided by 1000 on the way in",
  },
  {
    name: "partition-column",
    find: ({ topic, columns, statement }) => {
      const by = topic?.table?.partitionBy.column;
      if (by === undefined || columns === undefined || statement.kind === "create") return [];
      if (columns.find(({ name }) => name === by)?.type === "TIMESTAMP") return [];
      return [{ at: (itemOf(statement.query, by) ?? statement.query).at, what: by }];
    },
    server: "writes rows that the table refuses: its partitions need that column, as a TIMESTAMP",
    cure: "pass a time of the source through, or mark microseconds by a comment: -- [timestamp] meaning",
  },
  {
    name: "derived-type",
    find: inValue(({ name, type }) =>
      ["DECIMAL", "DOUBLE", "TIMESTAMP"].includes(type.base) ? `${name} is ${type.base}` : undefined,
    ),
    server:
      "writes DECIMAL as bytes of a scale that a row can burst, which ends the query; DOUBLE rounds; TIMESTAMP cuts microseconds",
    cure: "CAST(… AS STRING) for amounts, BIGINT microseconds for times; ratios are for the view",
  },
  {
    name: "nested",
    find: inValue(({ name, type }, { topic }) =>
      nested.includes(type.base) && (topic === undefined || topic.table !== undefined)
        ? `${name} is ${type.base}`
        : undefined,
    ),
    server: "writes it, and the sink can not: BigQuery has no list of lists, and the tables here hold no lists",
    cure: "EXPLODE a list into rows, take the elements or fields that are needed, or leave the topic unsunk",
  },
  {
    name: "meaning",
    find: inValue(({ name, typed, comment }, { plan }, own) => {
      const passed = plan!.source.value.columns.some((column) => column.name === typed.column);
      const said = own.includes("--") && comment?.replace(/^\[timestamp\]/, "").trim();
      return passed || said ? undefined : name;
    }),
    server: "does not care, but the column in BigQuery has its description from here",
    cure: "one column a line, and behind it -- and what it means",
  },
  {
    name: "where",
    find: inQuery((query) => {
      const explodes = expressionsIn(query.items).some((part) => part.kind === "call" && part.name === "EXPLODE");
      return query.where === null && (query.group !== null || explodes) ? [query] : [];
    }),
    server:
      "ends the query at a record without a value that reaches a windowed aggregate; beside EXPLODE an empty list counts down: a WHERE drops both",
    cure: "a WHERE that every good row passes, such as WHERE `trade_id` IS NOT NULL",
  },
  {
    name: "empty-series",
    find: each("call", (call, query) => call.name === "GENERATE_SERIES" && !countsUp(call, query)),
    server: "counts down from 1 to 0 over an empty list: two rows out of nothing",
    cure: "WHERE ARRAY_LENGTH(list) > 0",
  },
  {
    name: "condition",
    find: inQuery((query) => conditions(query).filter(mayBeNull)),
    server: "ends the query where the whole WHERE is NULL, and drops the row or the column where a part is",
    cure: "compare: … = true, which is false for NULL",
  },
  {
    name: "not",
    find: inQuery((query) =>
      expressionsIn(query).filter((expression) => {
        const inner = expression.kind === "not" ? expression.operand : expression;
        if (inner.kind !== "in" && (inner.kind !== "compare" || inner === expression)) return false;
        if (inner.kind === "in" && inner.negated === (expression.kind === "not")) return false;
        const operands = inner.kind === "in" ? [inner.operand] : [inner.left, inner.right];
        return operands.some((operand) => mayBeNull(operand) && !asksForNull(operand, query));
      }),
    ),
    server: "knows only true and false: NULL is not in any list and equals nothing, so its row passes",
    cure: "add AND … IS NOT NULL, or OR … IS NULL where it is meant",
  },
  {
    name: "division",
    find: each("arithmetic", ({ op, left, right }, _, type) => {
      const types = [left, right].map((side) => type(side)?.base);
      return op === "/" && types.includes("DECIMAL") && !types.includes("DOUBLE");
    }),
    server: "makes a quotient that does not end NULL: 1 / 3, and nearly every price",
    cure: "write the two sums, and divide in the view",
  },
  {
    name: "avg",
    find: calls("AVG"),
    server: "takes no DECIMAL, computes a DOUBLE, and says 0.0 where there is nothing",
    cure: "write SUM and COUNT, and divide in the view",
  },
  {
    name: "by-offset",
    find: calls("EARLIEST_BY_OFFSET", "LATEST_BY_OFFSET"),
    server: "follows arrival: a healed or late trade becomes the close of its bar",
    cure: "TOPK(`trade_id`, `price`, 1)[1]->`col0` for the last, with 0 - `trade_id` for the first",
  },
  {
    name: "text-order",
    find: inQuery((query, { plan }) => {
      if (plan === undefined) return [];
      const type = typesIn(plan);
      return expressionsIn(query).filter((expression) => {
        if (expression.kind === "compare")
          return !["=", "<>"].includes(expression.op) && type(expression.left)?.base === "STRING";
        if (expression.kind === "between") return type(expression.operand)?.base === "STRING";
        const [arg] = expression.kind === "call" ? expression.args : [];
        const ordered =
          expression.kind === "call" && ["MIN", "MAX", "TOPK", "GREATEST", "LEAST"].includes(expression.name);
        return ordered && arg !== undefined && type(arg)?.base === "STRING";
      });
    }),
    server: "compares text letter by letter: '9' is more than '10', and prices and sizes are text",
    cure: "CAST(… AS DECIMAL(38, 9)) first",
  },
  {
    name: "sum",
    find: each("call", ({ name, args: [arg] }, _, type) => {
      const summed = name === "SUM" && arg !== undefined ? type(arg) : undefined;
      return summed?.base === "INTEGER" || (summed?.base === "DECIMAL" && summed.precision - summed.scale < 29);
    }),
    server: "keeps the type of what is summed: a DECIMAL that overflows ends the query, an INTEGER wraps around",
    cure: "SUM(CAST(… AS DECIMAL(38, 9))), a product DECIMAL(77, 18), a number CAST(… AS BIGINT)",
  },
  {
    name: "decimal",
    find: each(
      "cast",
      ({ type }) => type.kind === "DECIMAL" && !["38,9", "77,18"].includes(`${type.precision},${type.scale}`),
    ),
    server: "rounds what has more decimals, and makes NULL of what has more digits",
    cure: "DECIMAL(38, 9) for prices and sizes, DECIMAL(77, 18) for their products",
  },
  {
    name: "double",
    find: (subject) => [
      ...declared((columns) => columns.filter(({ type }) => typeNameText(type).includes("DOUBLE")))(subject),
      ...each("cast", ({ type }) => typeNameText(type).includes("DOUBLE"))(subject),
      ...each("literal", ({ type }) => type === "DOUBLE")(subject),
    ],
    server: "computes 0.1 + 0.2 = 0.30000000000000004, and writes 1.0E7 as text",
    cure: "declare amounts as STRING, and CAST(… AS DECIMAL(38, 9)) to compute",
  },
  {
    name: "timestamp",
    find: (subject) => [
      ...declared((columns) => columns.filter(({ type }) => typeNameText(type).includes("TIMESTAMP")))(subject),
      ...subject.statement.properties.filter(({ name }) => name === "TIMESTAMP"),
    ],
    server: "reads timestamp-micros as milliseconds without a word: a year far ahead, and everything after it late",
    cure: "declare it BIGINT; the producer stamps every record with the exchange's time, so TIMESTAMP is not needed",
  },
  {
    name: "timestamp-text",
    find: inQuery((query) =>
      expressionsIn(query).filter((expression) => {
        if (expression.kind === "cast") return typeNameText(expression.type) === "TIMESTAMP";
        if (expression.kind !== "call" || !["PARSE_TIMESTAMP", "STRINGTOTIMESTAMP"].includes(expression.name))
          return false;
        const [, pattern] = expression.args;
        const fixed =
          pattern?.kind === "literal" && pattern.type === "STRING" ? pattern.value.replace(/\[[^\]]*\]/g, "") : "S";
        return /S/.test(fixed);
      }),
    ),
    server: "makes NULL of times with six digits behind the point (CAST), or with fewer than the pattern has",
    cure: "use `time`, microseconds already; or a pattern with optional parts: [.SSSSSS][.SSS]X",
  },
  {
    name: "time-zone",
    find: each("call", ({ name, args }) => /^(STRINGTOTIMESTAMP|TIMESTAMPTOSTRING)$/.test(name) && args.length < 3),
    server: "takes the zone of its machine",
    cure: "name the zone, 'UTC', as the third argument",
  },
  {
    name: "text-null",
    find: each("arithmetic", ({ op, left, right }, _, type) => {
      const text = op === "+" && [left, right].some((side) => type(side)?.base === "STRING");
      return text && [left, right].some((side) => side.kind !== "arithmetic" && mayBeNull(side));
    }),
    server: "writes the word null: 'a' + NULL is 'anull'",
    cure: "CONCAT, which passes over NULL, or COALESCE(…, '')",
  },
  {
    name: "last-match",
    find: inQuery((query, { plan, plans }) =>
      plan?.aggregation !== undefined && !filters(plan) && letsLastMatchIn(plan.source, plans) ? [query.from.name] : [],
    ),
    server: "counts a past trade again: a last_match repeats the last one at every subscribe",
    cure: "read coinbase_trades, or WHERE `type` = 'match'",
  },
  {
    name: "if-not-exists",
    find: ({ code, statement }) => (/^CREATE\s+\w+\s+IF\s+NOT\s+EXISTS\b/i.test(code) ? [statement] : []),
    server: "keeps what has that name, whatever it is, and only warns",
    cure: "CREATE without it: apply compares first",
  },
];
