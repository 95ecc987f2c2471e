/** The TypeScript types of the raw topics' records, written from their schemas into `records.ts`. */
import { rawTopics } from "../schemas/catalog.ts";
import { readSchema, unwrap, type AvroType } from "../schemas/avro.ts";

/** The text of `topics/records.ts`. */
export function recordTypes(): string {
  const interfaces = rawTopics.map((topic) => {
    const schema = readSchema(topic);
    const fields = schema.fields.map((field) => {
      const { type, nullable } = unwrap(field.type);
      return `  readonly ${field.name}: ${typeOf(type)}${nullable ? " | null" : ""};`;
    });
    return `/** ${schema.doc} */\nexport interface ${pascal(topic)} {\n${fields.join("\n")}\n}\n`;
  });
  return `// Written from the .avsc files by \`npm run ksqldb -- describe --write\`; do not edit. What each field means is said there.\n\n${interfaces.join("\n")}`;
}

function typeOf(type: AvroType): string {
  if (typeof type === "string") {
    if (type === "string") return "string";
    if (type === "long" || type === "int") return "number";
    throw new Error(`no TypeScript type is known for the Avro type ${type}`);
  }
  return "items" in type ? `readonly (${typeOf(type.items)})[]` : typeOf(type.type);
}

function pascal(name: string): string {
  return name.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase());
}
