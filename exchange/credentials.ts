/** Who may subscribe to what needs a signature. */

export interface Credentials {
  readonly key: string;
  readonly passphrase: string;
  /** Base64; the bytes that it stands for key the signature. */
  readonly secret: string;
}

/** The simulated exchange's only account: fixed and public, so that anybody can sign. It guards nothing. */
export const publicCredentials: Credentials = {
  key: "5ea5c0ffee5ea5c0ffee5ea5c0ffee00",
  passphrase: "simulated",
  secret: "VGhlIHNpbXVsYXRlZCBleGNoYW5nZSBrZWVwcyBubyBzZWNyZXRzLCBhbmQgdGhpcyBvbmUgaXMgcHVibGljLg==",
};
