/** The oldest Terraform release that a stack accepts: docs/deploy.md. */
export const oldestTerraform = "1.5";

/** An override for a stack's `terraform` block; CDKTF has no argument for it. */
export const requiredVersion = ["terraform.required_version", `>= ${oldestTerraform}.0`] as const;
