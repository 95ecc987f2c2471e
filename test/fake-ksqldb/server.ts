/**
 * A ksqlDB server's REST API over real HTTP, in memory: bodies, codes and messages as the real one's, statements stored
 * in its words, commands that take their time, and faults on demand. Started by a test, or as a process:
 *
 *     node --import tsx test/fake-ksqldb/server.ts --port 8088 [--key KEY --secret SECRET]
 *
 * which prints its address as JSON. `POST /fake/faults` takes a list of faults, `GET /fake/statements` gives what was sent.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { catalog } from "../../schemas/catalog.ts";
import { deleteHalf, execute, isCommand } from "./engine.ts";
import { type Properties, StatementRefused, type State } from "./state.ts";

/** What goes wrong with the next `times` requests whose line (`POST /ksql CREATE …`, `GET /status/…`) matches. */
export interface Fault {
  readonly on: string;
  /** 1 if not given. */
  readonly times?: number;
  /** Answers this and does nothing. */
  readonly status?: number;
  readonly code?: number;
  readonly message?: string;
  /** In the place of JSON. */
  readonly html?: string;
  readonly retryAfter?: number;
  /** Breaks the connection, or never answers, before or after the statement was accepted. */
  readonly drop?: "before" | "after";
  readonly hang?: "before" | "after";
  /** The command fails with this message, or stays queued until `release`, or is never heard of at /status. */
  readonly fails?: string;
  readonly stuck?: boolean;
  readonly forgotten?: boolean;
  /** It takes longer than the server waits for it, and is asked for at /status. */
  readonly slow?: boolean;
  /**
   * The server's own topic of commands is too slow: it answers 500, and did nothing, or all; or of DROP … DELETE TOPIC the
   * half: topic and subject are deleted, the source is there.
   */
  readonly timesOut?: "before" | "after" | "half";
  /** The query that it starts, or explains, dies of every record with this message, and stays RUNNING. */
  readonly dies?: string;
  /** The query that it explains has not read all that is there. */
  readonly behind?: boolean;
  /** … has no partition to read yet. */
  readonly unassigned?: boolean;
  /** … is shown without its properties. */
  readonly withoutProperties?: boolean;
}

interface Command {
  readonly id: string;
  readonly number: number;
  readonly sql: string;
  readonly properties: Properties;
  readonly fault: Fault;
  status: string;
  message: string;
  queryId: string | null;
}

export interface FakeKsqldb {
  readonly url: string;
  /** The commands that it was sent and took, in order. */
  readonly statements: readonly string[];
  /** Every request: method, path and statement. */
  readonly requests: readonly string[];
  /** Properties that came with the commands. */
  readonly properties: readonly Properties[];
  readonly state: State;
  fail(...faults: readonly Fault[]): void;
  /** Executes statements at once, which another user sends with the properties of this project. */
  run(...statements: readonly string[]): void;
  /** The same with other properties. */
  runWith(properties: Properties, ...statements: readonly string[]): void;
  /** Lets go of what is stuck; forgets all faults. */
  release(): void;
  close(): void;
}

export interface FakeOptions {
  readonly port?: number;
  readonly credentials?: { readonly key: string; readonly secret: string };
  /** Names of topics that are there beside the raw ones of the catalogue. */
  readonly topics?: Readonly<Record<string, { partitions: number; retentionMs: number }>>;
  /** Of the server itself; at_least_once if not given. */
  readonly guarantee?: string;
  /** Properties that no request may have. */
  readonly prohibited?: readonly string[];
}

/** As its lexer does: whatever stands in quotes is no comment. */
const withoutComments = (ksql: string) =>
  ksql.replace(/('[^']*'|`[^`]*`)|--[^\n]*/g, (_, quoted: string | undefined) => quoted ?? "").trim();

const version = "7.9.0";

/** Beside those that begin with ksql., consumer. or producer. */
const streamsNames = ["auto.offset.reset", "processing.guarantee", "commit.interval.ms", "cache.max.bytes.buffering"];

const usual: Properties = { "auto.offset.reset": "earliest", "processing.guarantee": "exactly_once_v2" };

export async function startServer({
  port = 0,
  credentials,
  topics = {},
  guarantee = "at_least_once",
  prohibited = [],
}: FakeOptions = {}): Promise<FakeKsqldb> {
  const raw = catalog.filter(({ writtenBy }) => writtenBy === "producer");
  const empty = (): State => ({
    topics: new Map([
      ...raw.map(({ name, partitions, retentionMs }) => [name, { partitions, retentionMs }] as const),
      ...Object.entries(topics),
    ]),
    sources: new Map(),
    queries: new Map(),
    guarantee,
    softDeleted: new Set(),
    next: 1,
  });
  /** As all commands leave it that were taken, which new ones are checked against; and as those that were executed. */
  const ahead = empty();
  const state = empty();
  const queue: Command[] = [];
  const commands = new Map<string, Command>();
  let faults: { fault: Fault; left: number }[] = [];
  const [statements, requests, properties]: [string[], string[], Properties[]] = [[], [], []];

  const server = createServer((request, response) => void handle(request, response));
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const runWith: FakeKsqldb["runWith"] = (given, ...more) =>
    more.forEach((sql) => [ahead, state].forEach((one) => execute(one, withoutComments(sql), given)));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    statements,
    requests,
    properties,
    state,
    fail: (...more) => void faults.push(...more.map((fault) => ({ fault, left: fault.times ?? 1 }))),
    run: (...more) => runWith(usual, ...more),
    runWith,
    release() {
      faults = [];
      for (const command of queue) Object.assign(command, { fault: {} });
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };

  /** The command at the head of the queue takes a step. */
  function tick(): void {
    const [head] = queue;
    if (head === undefined || head.fault.stuck) return;
    if (head.status === "QUEUED")
      return void Object.assign(head, { status: "EXECUTING", message: "Executing statement" });
    queue.shift();
    if (head.fault.fails !== undefined) {
      state.next += 2;
      return void Object.assign(head, { status: "ERROR", message: head.fault.fails });
    }
    const result = execute(state, head.sql, head.properties);
    if ("entity" in result) return;
    Object.assign(head, { status: "SUCCESS", message: result.message, queryId: result.queryId });
    const query = state.queries.get(result.queryId ?? "");
    if (query !== undefined && head.fault.dies !== undefined)
      query.errors.push({ timestamp: Date.now(), errorMessage: head.fault.dies });
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const path = decodeURIComponent(request.url!);
    const {
      ksql = "",
      commandSequenceNumber = -1,
      streamsProperties = {},
    } = (body === "" ? {} : JSON.parse(body)) as {
      ksql?: string;
      commandSequenceNumber?: number;
      streamsProperties?: Properties;
    };
    // Refused before it is read, a request gets no type of what is answered.
    const type = (status: number) => (status === 401 || status === 503 ? {} : { "content-type": "application/json" });
    const send = (status: number, answer: unknown, headers = {}) =>
      void response
        .writeHead(status, { ...type(status), ...headers })
        .end(typeof answer === "string" ? answer : JSON.stringify(answer));
    if (path === "/fake/faults") {
      const more = JSON.parse(body) as Fault[];
      faults.push(...more.map((fault) => ({ fault, left: fault.times ?? 1 })));
      return send(200, {});
    }
    if (path === "/fake/statements") return send(200, statements);
    const line = `${request.method} ${path}${ksql && ` ${ksql}`}`;
    requests.push(line);
    const active = faults.find(({ fault, left }) => left > 0 && new RegExp(fault.on, "i").test(line));
    if (active !== undefined) active.left--;
    const fault = active?.fault ?? { on: "" };
    if (fault.drop === "before") return void request.socket.destroy();
    if (fault.hang === "before") return;
    const error = (status: number, code: number, message: string, statementText?: string) =>
      send(
        status,
        statementText === undefined
          ? { "@type": "generic_error", error_code: code, message }
          : { "@type": "statement_error", error_code: code, message, statementText, entities: [] },
        fault.retryAfter === undefined ? {} : { "retry-after": String(fault.retryAfter) },
      );
    if (fault.html !== undefined) return send(fault.status ?? 200, fault.html, { "content-type": "text/html" });
    if (fault.status !== undefined)
      return error(fault.status, fault.code ?? fault.status * 100, fault.message ?? "on demand");
    const basic = credentials && `Basic ${Buffer.from(`${credentials.key}:${credentials.secret}`).toString("base64")}`;
    if (basic !== undefined && request.headers.authorization !== basic) return error(401, 40100, "Unauthorized");
    tick();

    if (path === "/info")
      return send(200, {
        KsqlServerInfo: { version, kafkaClusterId: "lkc-1", ksqlServiceId: "default_", serverStatus: "RUNNING" },
      });
    if (path === "/healthcheck") {
      const well = { isHealthy: true };
      return send(200, {
        ...well,
        details: { metastore: well, kafka: well, commandRunner: well },
        serverState: "READY",
      });
    }
    const [, commandId] = /^\/status\/(.+)$/.exec(path) ?? [];
    if (commandId !== undefined) {
      const command = commands.get(commandId);
      if (command === undefined || fault.forgotten) return error(404, 40400, "Command not found");
      return send(200, { status: command.status, message: command.message, queryId: command.queryId });
    }
    if (path !== "/ksql" || request.method !== "POST")
      return send(404, "<html><body><h1>Resource not found</h1></body></html>", { "content-type": "text/html" });

    // It waits for what the client has seen, and before a command for all commands.
    const awaited = () =>
      queue.some(({ number, sql }) => number <= commandSequenceNumber || isCommand(sql) === isCommand(ksql));
    while (awaited() && !queue[0]!.fault.stuck) tick();
    if (commandSequenceNumber >= ahead.next || queue.some(({ number }) => number <= commandSequenceNumber))
      return error(
        503,
        50301,
        `Timed out while waiting for a previous command to execute. command sequence number: ${commandSequenceNumber}`,
      );
    const answers: object[] = [];
    const asked =
      withoutComments(ksql)
        .match(/(?:'[^']*'|`[^`]*`|[^;'`])+;/g)
        ?.map((sql) => sql.trim()) ?? [];
    const denied = Object.keys(streamsProperties).filter((name) => prohibited.includes(name));
    if (denied.length > 0)
      return error(
        400,
        40000,
        `One or more properties overrides set locally are prohibited by the KSQL server (use UNSET to reset their default value): [${denied.join(", ")}]`,
      );
    const unknown = Object.keys(streamsProperties).find(
      (name) => !streamsNames.includes(name) && !/^(ksql|consumer|producer)\./.test(name),
    );
    if (unknown !== undefined)
      return error(
        500,
        50000,
        `Not recognizable as ksql, streams, consumer, or producer property: '${unknown}'`,
        asked[0] ?? "",
      );
    const explained = state.queries.get(/^EXPLAIN\s+(\w+)/i.exec(ksql)?.[1] ?? "");
    if (explained !== undefined) {
      explained.isBehind = fault.behind === true;
      explained.isUnassigned = fault.unassigned === true;
      explained.hasHiddenProperties = fault.withoutProperties === true;
      if (fault.dies !== undefined) explained.errors.push({ timestamp: Date.now(), errorMessage: fault.dies });
    }
    // All of a request is tried in a sandbox first.
    const sandbox = structuredClone(ahead);
    for (const sql of asked)
      try {
        execute(isCommand(sql) ? sandbox : structuredClone(state), sql);
      } catch (refused) {
        if (!(refused instanceof StatementRefused)) throw refused;
        // What it foresaw no code for, it does not tie to the statement.
        const statementText = refused.code === 40000 ? undefined : (refused.text ?? sql);
        return error(Math.floor(refused.code / 100), refused.code, refused.message, statementText);
      }
    if (fault.timesOut === "half") for (const one of [ahead, state]) deleteHalf(one, asked[0] ?? "");
    const late = () =>
      error(
        500,
        50000,
        `Could not write the statement '${asked[0]}' into the command topic.\nCaused by: Timeout while waiting for command topic consumer to process command\n\ttopic`,
        asked[0],
      );
    if (fault.timesOut !== undefined && fault.timesOut !== "after") return late();
    for (const sql of asked) {
      if (!isCommand(sql)) {
        const result = execute(state, sql);
        if ("entity" in result && result.entity !== undefined) answers.push(result.entity);
        continue;
      }
      const result = execute(fault.fails === undefined ? ahead : structuredClone(ahead), sql);
      if ("entity" in result) {
        if (result.entity !== undefined) answers.push(result.entity);
        continue;
      }
      if (fault.fails !== undefined) ahead.next += 2;
      const command: Command = {
        id: result.commandId,
        number: ahead.next - 1,
        sql,
        properties: streamsProperties,
        fault,
        status: "QUEUED",
        message: "Statement written to command topic",
        queryId: null,
      };
      statements.push(sql);
      properties.push(streamsProperties);
      commands.set(command.id, command);
      queue.push(command);
      // It waits for the command before it answers, for five seconds.
      if (fault.drop === undefined && fault.hang === undefined && !fault.slow)
        while (queue.includes(command) && !queue[0]!.fault.stuck) tick();
      const onItsWay = fault.slow ? { status: "EXECUTING", message: "Executing statement" } : {};
      const { status, message, queryId } = { ...command, ...onItsWay };
      answers.push({
        "@type": "currentStatus",
        statementText: result.text,
        commandId: command.id,
        commandStatus: { status, message, queryId },
        commandSequenceNumber: status === "ERROR" ? -1 : command.number,
        warnings: [],
      });
    }
    if (fault.timesOut === "after") return late();
    if (fault.drop === "after") return void request.socket.destroy();
    if (fault.hang === "after") return;
    send(200, answers);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { port: { type: "string" }, key: { type: "string" }, secret: { type: "string" } },
  });
  const { port = "0", key, secret } = values;
  const login = key !== undefined && secret !== undefined ? { credentials: { key, secret } } : {};
  const { url } = await startServer({ port: Number(port), ...login });
  process.stdout.write(`${JSON.stringify({ url })}\n`);
}
