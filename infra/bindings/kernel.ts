/**
 * What the Confluent bindings are made of. There is no package of bindings for the Terraform provider `confluentinc/confluent`,
 * and a generated one has 57,000 lines: here a resource is one declaration of its arguments and attributes, with the names
 * that `cdktf get` would generate, so that generated bindings could take its place by another import.
 *
 * From a declaration come the type of the configuration, the getters, and both ways to write it: as JSON and as HCL.
 * Only what is declared is renamed to snake case: the keys of a map stay as they are.
 */
import { TerraformDataSource, TerraformProvider, TerraformResource } from "cdktf";
import type { IResolvable, TerraformMetaArguments } from "cdktf";
import type { Construct } from "constructs";

/** The release whose schema the declarations were compared with. */
const providerVersion = "2.83.0";

type Kind = "string" | "number" | "bool" | "map" | "block";

/** An argument. `V` is the type of what is given for it, `R` whether it must be given. */
export interface Argument<V = unknown, R extends boolean = boolean> {
  readonly kind: Kind;
  readonly required: R;
  /** Never shown by Terraform. */
  readonly sensitive: boolean;
  /** Of a block. */
  readonly arguments?: Arguments;
  /** Carries the type only. */
  readonly value?: V;
}

export type Arguments = Readonly<Record<string, Argument>>;

type Value<A> = A extends Argument<infer V> ? V : never;
type RequiredNames<A extends Arguments> = { [N in keyof A]: A[N] extends Argument<unknown, true> ? N : never }[keyof A];
type Values<A extends Arguments> = { readonly [N in RequiredNames<A>]: Value<A[N]> } & {
  readonly [N in Exclude<keyof A, RequiredNames<A>>]?: Value<A[N]> | undefined;
};

function kinds<const R extends boolean>(required: R) {
  const argument = <V>(kind: Kind, more: { sensitive?: boolean; arguments?: Arguments } = {}): Argument<V, R> => ({
    kind,
    required,
    sensitive: false,
    ...more,
  });
  return {
    string: <T extends string = string>() => argument<T>("string"),
    secret: () => argument<string>("string", { sensitive: true }),
    number: () => argument<number>("number"),
    bool: () => argument<boolean | IResolvable>("bool"),
    map: () => argument<Readonly<Record<string, string>>>("map"),
    secretMap: () => argument<Readonly<Record<string, string>>>("map", { sensitive: true }),
    block: <A extends Arguments>(inner: A) => argument<Values<A>>("block", { arguments: inner }),
  };
}

export const required = kinds(true);
export const optional = kinds(false);

/** What the service fills in, by names: `secret` is one that Terraform never shows. */
export type Attributes = Readonly<Record<string, "string" | "secret">>;

/** The provider's own names. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
}

type Given = Readonly<Record<string, unknown>>;

/** What CDKTF's HCL writer needs to know about each value. */
const hclTypes = {
  string: { type: "simple", storageClassType: "string" },
  number: { type: "simple", storageClassType: "number" },
  bool: { type: "simple", storageClassType: "boolean" },
  map: { type: "map", storageClassType: "stringMap" },
  block: { type: "list", storageClassType: "anyList" },
} as const;

/** What is given, under Terraform's names: as JSON, or with what the HCL writer needs. */
function written(declared: Arguments, given: Given, asHcl: boolean): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(declared).flatMap(([name, { kind, arguments: inner }]) => {
      if (given[name] === undefined) return [];
      const isBlock = kind === "block";
      const value = isBlock ? written(inner!, given[name] as Given, asHcl) : given[name];
      return [[snakeCase(name), asHcl ? { value: isBlock ? [value] : value, isBlock, ...hclTypes[kind] } : value]];
    }),
  );
}

/** A declaration, for comparison with the provider's schema. */
export interface Declaration {
  readonly tfResourceType: string;
  readonly declared: Arguments;
  readonly computed: Attributes;
}

/** Getters of the attributes, and of the arguments that are texts: what other resources refer to. */
type Getters<A extends Arguments, C extends Attributes> = {
  readonly [N in keyof C | TextNames<A> | "id"]: string;
};
type TextNames<A extends Arguments> = { [N in keyof A]: A[N] extends Argument<string> ? N : never }[keyof A];

type Class<A extends Arguments, C extends Attributes, Base> = Declaration & {
  new (scope: Construct, id: string, config: Values<A> & TerraformMetaArguments): Base & Getters<A, C>;
};

/** The class of a declaration: two ways to write it, and the getters. */
function declare(Parent: unknown, declaration: Declaration, fixed: object = {}): unknown {
  const { tfResourceType, declared, computed } = declaration;
  const providerName = tfResourceType.split("_")[0]!;
  const generator = { providerName, ...(providerName === "confluent" && { providerVersion }) };
  class Declared extends (Parent as typeof TerraformResource) {
    readonly #given: Given;

    constructor(scope: Construct, id: string, given: Given) {
      const own = { terraformResourceType: tfResourceType, terraformGeneratorMetadata: generator, ...fixed };
      super(scope, id, { ...own, ...given });
      this.#given = given;
    }

    protected override synthesizeAttributes() {
      return written(declared, this.#given, false);
    }

    protected override synthesizeHclAttributes() {
      return written(declared, this.#given, true);
    }
  }
  const texts = Object.keys(declared).filter((name) => declared[name]!.kind === "string");
  for (const name of ["id", ...Object.keys(computed), ...texts])
    Object.defineProperty(Declared.prototype, name, {
      get(this: Declared) {
        return this.getStringAttribute(snakeCase(name));
      },
    });
  return Object.assign(Declared, declaration);
}

/** The class of a resource type. */
export function resource<A extends Arguments, C extends Attributes = { readonly id: "string" }>(
  tfResourceType: string,
  declared: A,
  computed = {} as C,
) {
  return declare(TerraformResource, { tfResourceType, declared, computed }) as Class<A, C, TerraformResource>;
}

/** The class of a data source. */
export function dataSource<A extends Arguments, C extends Attributes>(
  tfResourceType: string,
  declared: A,
  computed: C,
) {
  return declare(TerraformDataSource, { tfResourceType, declared, computed }) as Class<A, C, TerraformDataSource>;
}

/** The class of the provider itself. */
export function provider<A extends Arguments>(terraformProviderSource: string, declared: A) {
  type Provider = Declaration & { new (scope: Construct, id: string, config: Values<A>): TerraformProvider };
  const declaration = { tfResourceType: "confluent", declared, computed: {} };
  return declare(TerraformProvider, declaration, { terraformProviderSource }) as Provider;
}
