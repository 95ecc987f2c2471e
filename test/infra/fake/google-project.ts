/** A Google Cloud project: how its objects are called, and what they need. */
import type { Cloud } from "./cloud.ts";
import { fill, textAt, type Attributes } from "./values.ts";
import { ignoringCase, Refused, type Kind } from "./vendor.ts";

const member =
  /^(allUsers|allAuthenticatedUsers|(user|serviceAccount|group|domain|principal|principalSet|project(Owner|Editor|Viewer)|iamMember|deleted:\w+):.+)$/;

export class Project {
  readonly cloud: Cloud;
  readonly number = "624831095177";
  /** The provider's own arguments. */
  settings: Attributes = {};

  constructor(cloud: Cloud) {
    this.cloud = cloud;
  }

  /** The provider's project, in which everything is that names no other. */
  get id(): string {
    return textAt(this.settings, "project");
  }

  /** A pattern such as `projects/{project}/datasets/{dataset_id}` with what the object says. */
  name(pattern: string, object: Attributes): string {
    const project = textAt(object, "project") || this.id;
    if (project === "") throw new Refused("project: required field is not set");
    return fill(pattern, { ...object, project });
  }

  random(length: number): string {
    return this.cloud.random(length, "0123456789abcdef");
  }

  uuid(): string {
    return [8, 4, 4, 4, 12].map((length) => this.random(length)).join("-");
  }

  /** Refuses if the object is not there. */
  need(type: string, id: string, what: string): Attributes {
    const found = this.cloud.find(type, id);
    if (found === undefined) throw new Refused(`googleapi: Error 404: Not found: ${what}, notFound`);
    return found;
  }

  /** Of accounts, those of the project itself must be there. */
  needAccount(email: string): void {
    const isOwn = email.endsWith(`@${this.id}.iam.gserviceaccount.com`);
    if (isOwn && !this.cloud.all("google_service_account").some((account) => account["email"] === email))
      throw new Refused(`googleapi: Error 400: Service account ${email} does not exist., badRequest`);
  }

  /** A type whose id is made of its arguments, of which there can be one only. */
  named(
    type: string,
    pattern: string,
    more: (wanted: Attributes, id: string) => Attributes = () => ({}),
  ): Kind["create"] {
    return (wanted) => {
      const id = this.name(pattern, wanted);
      if (this.cloud.find(type, id) !== undefined)
        throw new Refused(`googleapi: Error 409: Already Exists: ${id}, duplicate`);
      return { id, name: id, project: this.name("{project}", wanted), ...more(wanted, id) };
    };
  }

  /** A role that someone is given on something. */
  iamMember(pattern: string, needTarget?: (wanted: Attributes) => unknown): Kind {
    return {
      checks: { member },
      means: { member: ignoringCase },
      create: (wanted) => {
        needTarget?.(wanted);
        const [, email] = /^serviceAccount:(.*)$/.exec(textAt(wanted, "member")) ?? [];
        if (email !== undefined) this.needAccount(email);
        const id = this.name(`${pattern}/{role}/{member}`, wanted);
        return { id, project: this.name("{project}", wanted), etag: "BwYb3Kq1vZA=" };
      },
    };
  }
}
