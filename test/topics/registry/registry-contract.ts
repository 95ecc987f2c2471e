/** What holds of every registry, for the tests of each. */
import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { UserError } from "../../../program/command.ts";
import { readSchema } from "../../../schemas/avro.ts";
import { rawTopics } from "../../../schemas/catalog.ts";
import { resolveSchemas, SchemaRegistry } from "../../../topics/registry/schema-registry.ts";

export const price = { name: "price", type: "string", doc: "Price.", format: "decimal" };
export const size = { name: "size", type: ["null", "string"], default: null };
export const record = (...fields: object[]) => ({ type: "record", name: "T", namespace: "tapeline", fields });

/** A subject of its own: some registries outlive a test. */
const newSubject = () => `${randomUUID()}-value`;

export async function faultOf(asked: Promise<unknown>): Promise<string> {
  const error: unknown = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  return (error as UserError).message;
}

/** The tests of one of which `start` gives the address. */
export function describeRegistry(start: () => Promise<{ url: string }>) {
  const connect = async () => new SchemaRegistry({ url: (await start()).url });

  it("has no id and no differences for a subject that it does not know", async () => {
    expect(await (await connect()).idOf(newSubject(), record(price))).toEqual({ id: undefined, differences: [] });
  });

  it("gives the id under which everyone finds the schema that was registered, however ours is written", async () => {
    const [registry, subject] = [await connect(), newSubject()];
    await registry.register(subject, record(price));
    const found = await registry.idOf(subject, record(price));
    expect(found).toEqual({ id: expect.any(Number) as number, described: "as here" });
    const { schema } = (await (await fetch(`${registry.url}/schemas/ids/${found.id}`)).json()) as { schema: string };
    expect(JSON.parse(schema)).toEqual(record(price));

    const { name, ...others } = price;
    const otherwise = { fields: [{ ...others, name, type: { type: "string" } }], name: "tapeline.T", type: "record" };
    expect(await registry.idOf(subject, otherwise)).toEqual(found);
  });

  it("gives the id of a schema that differs in descriptions only, and says so", async () => {
    const [registry, subject] = [await connect(), newSubject()];
    await registry.register(subject, record({ ...price, doc: "What it cost." }));
    const id: unknown = expect.any(Number);
    expect(await registry.idOf(subject, record(price))).toEqual({ id, described: "otherwise" });
  });

  it("gives the id of an older version too", async () => {
    const [registry, subject] = [await connect(), newSubject()];
    await registry.register(subject, record(price));
    await registry.register(subject, record(price, size));
    const [old, latest] = [
      await registry.idOf(subject, record(price)),
      await registry.idOf(subject, record(price, size)),
    ];
    expect([old, latest]).toMatchObject([{ described: "as here" }, { described: "as here" }]);
    expect(old.id).not.toBe(latest.id);
  });

  it("has no id for another schema, and tells how the registered one differs", async () => {
    const [registry, subject] = [await connect(), newSubject()];
    await registry.register(subject, record(price));
    expect(await registry.idOf(subject, record({ name: "price", type: ["null", "string"] }, size))).toEqual({
      id: undefined,
      differences: ['field price: registered "string", here ["null","string"]', "field size: only here"],
    });
  });

  it("refuses to register what is not compatible, or no schema", async () => {
    const [registry, subject] = [await connect(), newSubject()];
    await registry.register(subject, record(price));
    const incompatible = await faultOf(registry.register(subject, record(price, { name: "b", type: "long" })));
    expect(incompatible).toContain(subject);
    expect(incompatible).toMatch(/answers 409 .*: .+The schema is not compatible/);
    expect(await faultOf(registry.register(subject, { type: "nonsense" }))).toMatch(/answers 422 .*: .+valid/);
  });

  it("names all raw topics that have no schema in one message, registers them when told to, and finds them then", async () => {
    const registry = await connect();
    const talk: string[] = [];
    const resolve = (register: boolean) => resolveSchemas(registry, rawTopics, { register }, (line) => talk.push(line));
    const fault = await faultOf(resolve(false));
    for (const topic of rawTopics) expect(fault).toContain(`\n  ${topic}-value\n    nothing is registered`);
    expect(fault).toContain("--register");

    const registered = await resolve(true);
    const ids = rawTopics.map((topic) => registered(`${topic}-value`));
    expect(talk).toEqual(rawTopics.map((topic, i) => `${topic}-value: registered as schema ${ids[i]}`));
    for (const [i, topic] of rawTopics.entries()) {
      const { schema } = (await (await fetch(`${registry.url}/schemas/ids/${ids[i]}`)).json()) as { schema: string };
      expect(JSON.parse(schema)).toEqual(readSchema(topic));
    }

    const found = await resolve(false);
    expect(rawTopics.map((topic) => found(`${topic}-value`))).toEqual(ids);
    expect(talk).toHaveLength(rawTopics.length);
    expect(() => found("coinbase_trades-value")).toThrow("coinbase_trades-value");
  });
}
