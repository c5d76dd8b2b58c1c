import type { ClientCertificateOptions, ServerCertificateOptions } from '@kube-authn/testing'

/** A certificate authority, and what it issues; each becomes `NAME.crt` and `NAME.key`. */
export interface Authority {
  /** Servers on this machine, with their other host names. */
  readonly servers?: Readonly<Record<string, Partial<ServerCertificateOptions>>>
  readonly clients?: Readonly<Record<string, ClientCertificateOptions>>
}

/** The secrets of a plan, by name. */
export type SecretsOf<Name extends string> = Readonly<Record<Name, string>>

/** The files of an example. Certificates and public keys are readable by all users, everything else by this user only. */
export interface Plan<Secret extends string = never> {
  /** The certificate of an authority becomes `NAME.crt`; its key is not kept. */
  readonly authorities?: Readonly<Record<string, Authority>>
  /** Keys that sign tokens (P-256), as `NAME.key` and `NAME.pub`. */
  readonly signingKeys?: readonly string[]
  /** Random passwords and tokens of 144 bits. Only a demonstration stores them, in `secrets.json`, in order to print them. */
  readonly secrets?: readonly Secret[]
  /** Files with those secrets. */
  readonly files?: Readonly<Record<string, (secrets: SecretsOf<Secret>) => string>>
}

/** The names of the certificates of a plan. */
export function certificatesOf({ authorities = {} }: Pick<Plan, 'authorities'>): readonly string[] {
  return Object.entries(authorities).flatMap(([name, { servers = {}, clients = {} }]) =>
    [name, ...Object.keys(servers), ...Object.keys(clients)].map((each) => `${each}.crt`),
  )
}
