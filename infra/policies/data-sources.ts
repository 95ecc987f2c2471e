import type { Rule } from "./rule.ts";

/**
 * A data source that names or depends on what has a planned change is read during apply only, and whatever must be replaced
 * when its value is unknown is planned for replacement.
 */
export const anchored: Rule = ({ body, stack }) => {
  const references = [...JSON.stringify(body).matchAll(/\$\{(\w+)\.([\w-]+)/g)].map(
    ([, type, name]) => [type!, name!] as const,
  );
  const inputs = references.map(([type, name]) => JSON.stringify(stack.resource[type]?.[name]?.["input"] ?? ""));
  const moving = inputs
    .flatMap((input) => [...input.matchAll(/\$\{(?!var\.)([^}]*)\}/g)])
    .filter(([, of]) => !of!.endsWith(".id"));
  return [
    body["depends_on"] !== undefined && "depends on a resource: put a terraform_data between them that never changes",
    ...references.map(
      ([type]) =>
        !["var", "terraform_data"].includes(type) &&
        `names a ${type}, which can change: put a terraform_data between them that never changes`,
    ),
    ...moving.map(([, of]) => `stands behind ${of}, which can change: an id does not`),
  ];
};
