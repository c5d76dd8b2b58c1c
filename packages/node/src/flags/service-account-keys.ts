import type { ConfigurationProblem } from '@kube-authn/core'
import type { FileNotice } from '@kube-authn/core/internal'
import type { KeySource } from '@kube-authn/core/service-account'
import { externalSignerAt } from '../external-signer/external-signer-at.ts'
import { problemsOf } from '../options/option-problems.ts'
import { verificationKeysAt } from '../at/verification-keys-at.ts'
import { type AuthenticatorFromFlagsOptions, sharedOf } from './flags-options.ts'
import type { ParsedFlags } from './flag-value.ts'
import {
  hasServiceAccounts,
  keyFilesOf,
  serviceAccountProblems,
  signerNotices,
  signerProblems,
  signingEndpointOf,
  unusableSigner,
} from './service-account-flags.ts'

/** The keys of service accounts, and their problems and notices. */
export interface FlaggedKeys {
  readonly keys?: KeySource
  readonly problems: readonly ConfigurationProblem[]
  readonly notices: readonly FileNotice[]
  close(): void
}

/** Loads the keys that the flags name, from files or an external signer; none if unusable. */
export async function serviceAccountKeys(
  flags: ParsedFlags,
  options: AuthenticatorFromFlagsOptions,
): Promise<FlaggedKeys> {
  if (!hasServiceAccounts(flags)) return without([])
  const endpoint = signingEndpointOf(flags)
  if (endpoint !== undefined) return keysOfSigner(endpoint, flags, options)
  const files = keyFilesOf(flags)
  return files.length === 0 ? without([]) : keysInFiles(files, flags, options)
}

async function keysInFiles(
  files: readonly string[],
  flags: ParsedFlags,
  options: AuthenticatorFromFlagsOptions,
): Promise<FlaggedKeys> {
  try {
    const { current, close } = await verificationKeysAt(files, sharedOf(options))
    if (serviceAccountProblems(flags).length === 0) {
      return { keys: current, problems: [], notices: [], close }
    }
    close()
    return without([])
  } catch (error) {
    return without(problemsOf('--service-account-key-file', error, ': '))
  }
}

async function keysOfSigner(
  endpoint: string,
  flags: ParsedFlags,
  options: AuthenticatorFromFlagsOptions,
): Promise<FlaggedKeys> {
  // Connecting may take a minute: not if other flags are invalid anyway.
  if (serviceAccountProblems(flags).length > 0) return without([])
  try {
    const signer = await externalSignerAt(endpoint, sharedOf(options))
    const problems = signerProblems(flags, signer)
    if (problems.length === 0) {
      return {
        keys: signer.keys,
        problems,
        notices: signerNotices(flags, signer),
        close: () => signer.close(),
      }
    }
    signer.close()
    return without(problems)
  } catch (error) {
    return without([unusableSigner(error)])
  }
}

function without(problems: readonly ConfigurationProblem[]): FlaggedKeys {
  return { problems, notices: [], close() {} }
}
