/** Which products flow: the producer and the infrastructure read it, and do not know each other. */
import { anyText } from "../program/forms.ts";

export const productVariables = {
  COINBASE_PRODUCTS: {
    form: anyText,
    default: "BTC-USD,ETH-USD,SOL-USD,XRP-USD,DOGE-USD",
    doc: "Ids, patterns such as ETH-*, or all; separated by commas.",
  },
} as const;
