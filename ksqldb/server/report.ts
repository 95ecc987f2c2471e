/** A plan and what became of it: for people, and as JSON. */
import type { Outcome } from "./apply.ts";
import type { Checks } from "./checks.ts";
import type { Json } from "./client.ts";
import { changesOf, type Plan, type Step } from "./plan.ts";

const marks: Readonly<Record<Step["action"], string>> = {
  create: "+",
  replace: "~",
  drop: "-",
  recreate: "+",
  unchanged: " ",
  refuse: "!",
  orphan: "?",
};

/** The plan as lines. */
export function planText(plan: Plan, checks: Checks): string {
  const lines = plan.flatMap(({ action, name, kind, desired, because, cure, data }) => [
    `${marks[action]} ${action} ${kind} ${name}${desired === undefined || action === "drop" ? "" : ` (${desired.file})`}`,
    ...[...because, cure, data].filter((text) => text !== undefined).map((text) => `    ${text}`),
  ]);
  const faults = checks.faults.map((fault) => `! ${fault}`);
  return [...lines, ...faults, ...checks.notes.map((note) => `# ${note}`), summary(plan, checks)].join("\n");
}

function summary(plan: Plan, { faults }: Checks): string {
  const changes = changesOf(plan).length;
  const refused = plan.filter(({ action }) => action === "refuse").length;
  const what = changes === 0 ? "Nothing to send" : `${changes} statement${changes === 1 ? "" : "s"} to send`;
  return `${what}${refused > 0 ? `, ${refused} refused` : ""}${faults.length > 0 ? `, ${faults.length} missing before` : ""}.`;
}

export interface Report {
  readonly command: string;
  readonly server: Json;
  readonly plan: Plan;
  readonly checks: Checks;
  /** Of a plan that was carried out. */
  readonly outcomes?: readonly Outcome[];
  /** Ids of the running queries, by what they write. */
  readonly queries?: Readonly<Record<string, string>>;
  readonly error?: string;
}

export function reportJson({ command, server, plan, checks, outcomes, queries, error }: Report): string {
  const steps = plan.map(({ desired, because, ...step }) => {
    const outcome = outcomes?.find((one) => one.step.action === step.action && one.step.name === step.name);
    const { result, ms, message } = outcome ?? {};
    return { ...step, file: desired?.file, because, result, ms, message };
  });
  const refused = plan.filter(({ action }) => action === "refuse").length;
  const body = { command, server, changes: changesOf(plan).length, refused, checks, steps, queries, error };
  return `${JSON.stringify(body, undefined, 2)}\n`;
}
