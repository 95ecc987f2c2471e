/** What `terraform providers schema -json` printed of the real providers, as far as tests read it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Attribute {
  readonly type: unknown;
  readonly required?: boolean;
  readonly optional?: boolean;
  readonly sensitive?: boolean;
}

export interface Block {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly block_types?: Readonly<Record<string, { block: Block; min_items?: number; max_items?: number }>>;
}

type Schemas = Readonly<Record<string, { readonly block: Block }>>;

export interface Provider {
  readonly provider: { readonly block: Block };
  readonly resource_schemas: Schemas;
  readonly data_source_schemas: Schemas;
}

/** The provider of one release, such as `google-6.50.0`, from the folder of such files. */
export function readProvider(dir: string, release: string): Provider {
  const text = readFileSync(join(dir, `${release}.schema.json`), "utf8");
  return Object.values((JSON.parse(text) as { provider_schemas: Record<string, Provider> }).provider_schemas)[0]!;
}
