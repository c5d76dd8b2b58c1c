import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'

const names = z.array(z.string().min(1))

const schema = z.strictObject({
  publicUrl: z.url(),
  listen: z.strictObject({
    address: z.string().default('127.0.0.1'),
    port: z.int().min(0).max(65_535),
    certFile: z.string(),
    keyFile: z.string(),
  }),
  provider: z.strictObject({
    issuer: z.url(),
    caFile: z.string().optional(),
    clientId: z.string(),
    clientSecretFile: z.string(),
    scopes: names.default(['profile', 'email', 'offline_access']),
    usernameClaim: z.string().default('email'),
    groupsClaim: z.string().default('groups'),
    groupsPrefix: z.string().default(''),
  }),
  upstream: z.strictObject({ kubeconfig: z.string() }),
  sessions: z.strictObject({
    keyFile: z.string(),
    idleSeconds: z.int().min(1).default(3600),
    expirationSeconds: z.int().min(1).default(43_200),
    checkSeconds: z.int().min(1).max(600).default(10),
    refreshBeforeSeconds: z.int().min(0).max(3600).default(60),
  }),
  admins: z.strictObject({
    groups: names.min(1),
    impersonate: z.strictObject({ users: names.optional(), groups: names.default([]) }).optional(),
  }),
})

/** What `dashboard.yaml` says, with paths that are absolute. */
export type Configuration = z.output<typeof schema>

/** The configuration cannot be used. The message says why. */
export class ConfigurationProblem extends Error {
  override readonly name = 'ConfigurationProblem'
}

/**
 * Reads the configuration. Its paths are relative to the file.
 *
 * @throws {ConfigurationProblem} with every problem.
 */
export function readConfiguration(path: string): Configuration {
  const read = schema.safeParse(parse(readFileSync(path, 'utf8')))
  if (!read.success) throw new ConfigurationProblem(`${path}:\n${z.prettifyError(read.error)}`)
  const at = (file: string): string => resolve(dirname(path), file)
  const { listen, provider, upstream, sessions, ...others } = read.data
  return {
    ...others,
    listen: { ...listen, certFile: at(listen.certFile), keyFile: at(listen.keyFile) },
    provider: {
      ...provider,
      clientSecretFile: at(provider.clientSecretFile),
      caFile: provider.caFile === undefined ? undefined : at(provider.caFile),
    },
    upstream: { kubeconfig: at(upstream.kubeconfig) },
    sessions: { ...sessions, keyFile: at(sessions.keyFile) },
  }
}
