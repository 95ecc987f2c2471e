/** A plan and what became of it: for people, and as JSON. */
import type { Outcome } from "./apply.ts";
import type { Checks } from "./checks.ts";
import type { Json } from "../../program/json.ts";
import { changesOf, type Step } from "./plan.ts";

export interface Report {
  readonly command: string;
  readonly server: Json;
  readonly plan: readonly Step[];
  readonly checks: Checks;
  /** Of a plan that was carried out. */
  readonly outcomes?: readonly Outcome[];
  /** Ids of the running queries, by what they write. */
  readonly queries?: Readonly<Record<string, string>>;
  readonly error?: string;
}

const marks = { create: "+", replace: "~", drop: "-", recreate: "+", unchanged: " ", refuse: "!", orphan: "?" };

const refusedIn = (plan: readonly Step[]) => plan.filter(({ action }) => action === "refuse").length;

/** The plan as lines. */
export function planText(plan: readonly Step[], { faults, notes: unchecked }: Checks): string {
  const lines = plan.flatMap(({ action, name, kind, desired, notes, cure }) => [
    `${marks[action]} ${action} ${kind} ${name}${desired === undefined ? "" : ` (${desired.file})`}`,
    ...[...notes, ...(cure === undefined ? [] : [cure])].map((note) => `    ${note}`),
  ]);
  const [changes, refused] = [changesOf(plan).length, refusedIn(plan)];
  const counts = [
    changes === 0 ? "nothing to send" : `${changes} to send`,
    ...(refused === 0 ? [] : [`${refused} refused`]),
    ...(faults.length === 0 ? [] : [`${faults.length} missing before`]),
  ];
  return [
    ...lines,
    ...faults.map((fault) => `! ${fault}`),
    ...unchecked.map((note) => `# ${note}`),
    `${counts.join(", ")}${changes > 0 && refused + faults.length > 0 ? ": nothing would be sent" : ""}.`,
  ].join("\n");
}

export function reportJson({ command, server, plan, checks, outcomes, queries, error }: Report): string {
  const steps = plan.map((step) => {
    const { result, ms, message } = outcomes?.find((outcome) => outcome.step === step) ?? {};
    return { ...step, desired: undefined, file: step.desired?.file, result, ms, message };
  });
  const counts = { changes: changesOf(plan).length, refused: refusedIn(plan) };
  return `${JSON.stringify({ command, server, ...counts, checks, steps, queries, error }, undefined, 2)}\n`;
}
