/** Stacks for tests: from variables as a user sets them to what Terraform is given. */
import { tmpdir } from "node:os";
import { App, Testing } from "cdktf";
import { Environment } from "../../program/environment.ts";
import { checkProducts, readInfraConfig, type InfraConfig } from "../../infra/stack/config.ts";
import { checkedStack } from "../../infra/terraform/synth.ts";

export type Body = Readonly<Record<string, unknown>>;
export type Bodies = Readonly<Record<string, Body>>;

export interface Synthesised {
  readonly terraform: { readonly backend: Bodies; readonly required_providers: Bodies };
  readonly variable: Bodies;
  readonly provider: Readonly<Record<string, readonly Body[]>>;
  readonly resource: Readonly<Record<string, Bodies>>;
  readonly data: Readonly<Record<string, Bodies>>;
  readonly output: Bodies;
}

/** The configuration that variables make of the defaults. Throws UserError with all faults. */
export function configOf(variables: Readonly<Record<string, string>> = {}): InfraConfig {
  const environment = new Environment(variables);
  const config = readInfraConfig(environment);
  checkProducts(environment, config);
  environment.check();
  return config;
}

/** What is synthesised, with all policies checked. Nothing is written. */
export function synth(variables: Readonly<Record<string, string>> = {}): Synthesised {
  const stack = checkedStack(new App({ outdir: tmpdir(), stackTraces: false }), configOf(variables));
  return JSON.parse(Testing.synth(stack, true)) as Synthesised;
}
