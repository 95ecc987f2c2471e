/** Blocks that several resources have. */
import { optional, required } from "./kernel.ts";

export const reference = { id: required.string() };

/** An API key of the cluster or registry that the resource lives in. */
export const credentials = optional.block({ key: required.secret(), secret: required.secret() });
