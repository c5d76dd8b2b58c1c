import { forwardAuthentication } from '@kube-authn/api/forward-authentication'
import type { Authenticator } from '@kube-authn/core'
import { alwaysDeny } from '@kube-authn/core/authorization'
import { bootstrapSecrets } from '@kube-authn/core/bootstrap-token'
import { systemClock } from '@kube-authn/core/internal'
import { serviceAccountObjects } from '@kube-authn/core/service-account'
import { AUDIT_FLAGS, type ParsedFlags } from '@kube-authn/node/internal'
import { checkAuditFlags, checkAuthenticatorFlags } from '@kube-authn/node/flags'
import { withoutControls } from '@kube-authn/internal/printable'
import { EXIT, messagesOf } from '../failure.ts'
import { type Terminal, writeResult } from '../terminal/terminal.ts'
import { givenFlags } from './flags/flag-table.ts'
import {
  type CertificateFiles,
  inTermsOfFlags,
  pairOf,
  type SniCertificateFiles,
  tlsSettings,
} from './flags/listen-flags.ts'
import { flagProblems } from './flags/serve-flags.ts'
import { FORWARD_FLAGS, forwardOptions } from './flags/serving-problems.ts'
import { secureFiles } from './listen.ts'
import { certificatesIn, foundMaterial } from './material/own-material.ts'
import { authenticatorArgv, HEALTH_ONLY, openAuthorizer } from './open-api.ts'
import { checkSigner, SIGNER } from './open-controllers.ts'
import { keyFileChecks, verificationKeyFiles } from './service-account-keys.ts'

/** Prints what is wrong with the flags and their files. @returns the exit code. */
export async function checkFlags(flags: ParsedFlags, terminal: Terminal): Promise<number> {
  const problems = await problemsOf(flags)
  const output = flags.string('output') === 'json' ? 'json' : 'text'
  await writeResult(terminal, output, { problems }, (style) =>
    problems.length === 0
      ? [`${style('green', 'ok')}: the flags and their files can be used`]
      : problems.map((each) => `${style('red', 'error')}: ${withoutControls(each)}`),
  )
  return problems.length === 0 ? EXIT.ok : EXIT.no
}

/**
 * Everything that keeps a server with these flags from starting, as far as flags and files say: each part is read by the code that reads it for a server. Nothing is called, made or
 * written, no store is opened, and no port is taken.
 */
async function problemsOf(flags: ParsedFlags): Promise<readonly string[]> {
  const ofFlags = flagProblems(flags)
  const problems = new Set(ofFlags.map(({ path, message }) => `${path}: ${message}`))
  /** What is wrong with a flag itself is said once. */
  const isNew = (line: string): boolean => !ofFlags.some(({ path }) => line.startsWith(`${path}: `))
  const check = async <T>(work: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await work()
    } catch (error) {
      for (const line of messagesOf(error).filter(isNew)) problems.add(line)
      return undefined
    }
  }

  const authority = await check(() => foundMaterial(flags, systemClock.now()))
  for (const each of keyFileChecks(flags)) await check(each)
  await check(() => checkAuditFlags(givenFlags(flags, AUDIT_FLAGS)))
  await check(() =>
    checkAuthenticatorFlags(authenticatorArgv(flags, authority, verificationKeyFiles(flags, OWN_KEY)), {
      serviceAccountObjects: serviceAccountObjects({}),
      bootstrapTokens: bootstrapSecrets(),
      anonymous: HEALTH_ONLY,
      log: false,
    }),
  )
  await check(async () => (await openAuthorizer(flags, alwaysDeny())).close())
  for (const each of furtherChecks(flags)) await check(each)
  return [...problems]
}

/** No keys are read there. */
const OWN_KEY = { publicKeyFile: 'sa.pub' }

const UNKNOWN: Authenticator = { name: 'check', authenticate: () => undefined }

/** The parts that do not depend on others. */
function furtherChecks(flags: ParsedFlags): readonly (() => unknown)[] {
  const forward = forwardOptions(flags)
  const { certificate, named = [], ...tls } = tlsSettings(flags)
  const signer = pairOf(flags, ...SIGNER)
  const rootCAFile = flags.optional('root-ca-file')
  const secure = (files: CertificateFiles, own: readonly SniCertificateFiles[]): void =>
    secureFiles(files, { ...tls, named: own }, () => undefined).close()
  return [
    forward && (() => inTermsOfFlags(FORWARD_FLAGS, () => forwardAuthentication(UNKNOWN, forward))),
    certificate && (() => secure(certificate, [])),
    ...named.map((each) => () => inTermsOfFlags(SNI_FLAGS, () => secure(each, [each]))),
    signer && (() => checkSigner(signer)),
    rootCAFile === undefined ? undefined : () => certificatesIn('root-ca-file', rootCAFile),
  ].filter((each) => typeof each === 'function')
}

/** Each of these is checked as if it were the only certificate. */
const SNI_FLAGS: ReadonlyMap<string, string> = new Map(
  ['--tls-cert-file', '--tls-private-key-file'].map((flag) => [flag, '--tls-sni-cert-key'] as const),
)
