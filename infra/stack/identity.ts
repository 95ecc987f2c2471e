/** A program's account in Confluent Cloud with what it may do and the keys it does it with, which must agree. */
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import {
  ApiKey,
  type Environment,
  KafkaAcl,
  type KafkaCluster,
  RoleBinding,
  ServiceAccount,
} from "../bindings/confluent.ts";
import type { InfraConfig } from "./config.ts";

/** What a key opens. */
export interface Resource {
  readonly id: string;
  readonly apiVersion: string;
  readonly kind: string;
}

/** A key as the data plane's resources take it. */
export interface Login {
  readonly key: string;
  readonly secret: string;
}

/** The cluster on which rights are granted, and the key to grant them with. */
export interface KafkaRights {
  readonly tier: "basic" | "standard";
  readonly cluster: KafkaCluster;
  readonly login: Login;
}

type Acl = ConstructorParameters<typeof KafkaAcl>[2];
type Role = ConstructorParameters<typeof RoleBinding>[2]["roleName"];

/** A right on Kafka: operations of ACLs on a basic cluster, a role on a standard one. */
export interface Right {
  readonly on: "topic" | "group";
  readonly name: string;
  /** All names that begin so. */
  readonly isPrefix?: boolean;
  readonly role: Role;
  readonly operations: readonly Acl["operation"][];
}

export const reads = { role: "DeveloperRead", operations: ["READ"] } as const;
export const writes = { role: "DeveloperWrite", operations: ["WRITE"] } as const;
const manages = { role: "DeveloperManage", operations: ["CREATE"] } as const;

/** Rights on topics that are made and written by their user. */
export function makes(prefix: string): Right[] {
  const topics = { on: "topic", name: prefix, isPrefix: true } as const;
  return [
    { ...topics, ...manages },
    { ...topics, ...writes },
  ];
}

export interface IdentityProps {
  /** Ends the account's name, which is unique in the organisation. */
  readonly program: string;
  readonly description: string;
  readonly environment: Environment;
  readonly config: InfraConfig;
}

export class Identity extends Construct {
  readonly account: ServiceAccount;
  /** Everything that it may, for what must wait until it may. */
  readonly grants: ITerraformDependable[] = [];
  readonly #name: string;
  readonly #props: IdentityProps;

  constructor(scope: Construct, id: string, props: IdentityProps) {
    super(scope, id);
    this.#props = props;
    this.#name = `${props.config.prefix}-${props.program}`;
    this.account = new ServiceAccount(this, "account", { displayName: this.#name, description: props.description });
  }

  get principal(): string {
    return `User:${this.account.id}`;
  }

  /** Binds a role to the resources of a pattern: https://docs.confluent.io/cloud/current/api.html#section/Identifiers-and-URLs */
  bind(id: string, roleName: Role, crnPattern: string): RoleBinding {
    const { principal } = this;
    const disableWaitForReady = this.#props.config.skipWaits;
    const binding = new RoleBinding(this, id, { principal, roleName, crnPattern, disableWaitForReady });
    this.grants.push(binding);
    return binding;
  }

  /** Rights on one cluster's topics and groups. */
  allow(rights: readonly Right[], kafka: KafkaRights): void {
    const { tier, cluster } = kafka;
    for (const { on, name, isPrefix = false, role, operations } of rights) {
      const id = `${on}_${name.replaceAll("-", "_")}`;
      if (tier === "standard")
        this.bind(`${id}_${role}`, role, `${cluster.rbacCrn}/kafka=${cluster.id}/${on}=${name}${isPrefix ? "*" : ""}`);
      else
        for (const operation of operations)
          this.acl(`${id}_${operation}`, kafka, {
            resourceType: on === "topic" ? "TOPIC" : "GROUP",
            resourceName: name,
            patternType: isPrefix ? "PREFIXED" : "LITERAL",
            operation,
          });
    }
  }

  acl(
    id: string,
    { cluster, login }: KafkaRights,
    rule: Pick<Acl, "resourceType" | "resourceName" | "patternType" | "operation">,
  ): void {
    const acl = new KafkaAcl(this, id, {
      ...rule,
      principal: this.principal,
      host: "*",
      permission: "ALLOW",
      kafkaCluster: { id: cluster.id },
      restEndpoint: cluster.restEndpoint,
      credentials: login,
    });
    this.grants.push(acl);
  }

  /**
   * Keys, made when all that the account may is in force, and deleted before any of it is taken away. The last is used: with
   * one alone to exchange, an apply that is interrupted would leave what needs it, Terraform itself too, with a dead one.
   */
  key(id: string, description: string, resource: Resource): Login {
    const { environment, config } = this.#props;
    const { account } = this;
    const all = config.keys.map(
      (number) =>
        new ApiKey(this, `${id}_${number}`, {
          displayName: `${this.#name}-${id.replaceAll("_", "-")}-${number}`,
          description,
          owner: { id: account.id, apiVersion: account.apiVersion, kind: account.kind },
          managedResource: {
            id: resource.id,
            apiVersion: resource.apiVersion,
            kind: resource.kind,
            environment: { id: environment.id },
          },
          disableWaitForReady: config.skipWaits,
          dependsOn: [...this.grants],
        }),
    );
    const used = all.at(-1)!;
    return { key: used.id, secret: used.secret };
  }
}
