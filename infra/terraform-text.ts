/** A text as Terraform takes it literally: what would begin one of its templates is doubled. */
export function literal(text: string): string {
  return text.replaceAll("${", "$${").replaceAll("%{", "%%{");
}
