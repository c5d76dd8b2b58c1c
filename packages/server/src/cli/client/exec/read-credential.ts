import { defined, isObject, memberOf } from '@kube-authn/core/internal'
import { yamlDocument } from '@kube-authn/core/internal/yaml'
import { timeOfRfc3339 } from '@kube-authn/internal/rfc3339'
import { EXEC_VERSIONS, isToken, keyPairProblem } from '@kube-authn/node/internal'
import { Failure } from '../../failure.ts'
import type { ClientCredential } from '../authenticated-fetch.ts'

/** What a plug-in printed. */
export interface ExecCredential {
  readonly credential: ClientCredential
  /** In milliseconds since the epoch; absent if the credential does not expire. */
  readonly expiresAtMs?: number
}

/**
 * Reads the `ExecCredential` that a plug-in printed, in JSON or YAML. Errors contain nothing of it.
 *
 * Source: client-go `plugin/pkg/client/auth/exec/exec.go` (refreshCredsLocked), also of the messages.
 *
 * @throws {Failure} if it is something else, or has no credential.
 */
export function readExecCredential(printed: string, apiVersion: string): ExecCredential {
  const status = statusOf(documentIn(printed), apiVersion)
  const token = textAt(status, 'token')
  const cert = textAt(status, 'clientCertificateData')
  const key = textAt(status, 'clientKeyData')
  const expiry = textAt(status, 'expirationTimestamp')
  const expiresAtMs = expiry === undefined ? undefined : timeOfRfc3339(expiry)
  if (expiry !== undefined && expiresAtMs === undefined)
    throw undecodable('status.expirationTimestamp', 'a time')
  if (token === undefined && cert === undefined && key === undefined) {
    throw new Failure("exec plugin didn't return a token or cert/key pair")
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw new Failure('exec plugin returned only certificate or key, not both')
  }
  if (token !== undefined && !isToken(token)) throw undecodable('status.token', 'a token')
  const certificate = cert === undefined || key === undefined ? undefined : checkedPair(cert, key)
  return defined({ credential: defined({ token, certificate }), expiresAtMs })
}

function documentIn(printed: string): unknown {
  try {
    return yamlDocument(printed, 'stdout')
  } catch {
    throw new Failure('decoding stdout: it is neither JSON nor YAML')
  }
}

function statusOf(answer: unknown, apiVersion: string): object {
  const kind = memberOf(answer, 'kind')
  const version = memberOf(answer, 'apiVersion')
  if (kind !== 'ExecCredential') throw undecodable('kind', 'ExecCredential')
  const known = EXEC_VERSIONS.find((each) => each === version)
  if (known === undefined) throw undecodable('apiVersion', EXEC_VERSIONS.join(' or '))
  if (known !== apiVersion) {
    throw new Failure(
      `exec plugin is configured to use API version ${apiVersion}, plugin returned version ${known}`,
    )
  }
  const status = memberOf(answer, 'status') ?? undefined
  if (status === undefined) throw new Failure("exec plugin didn't return a status field")
  if (!isObject(status)) throw undecodable('status', 'an object')
  return status
}

/** A string. An empty one is absent, but an empty time is none. */
function textAt(status: object, name: string): string | undefined {
  const value = memberOf(status, name) ?? undefined
  if (value === undefined) return undefined
  if (typeof value !== 'string') throw undecodable(`status.${name}`, 'a string')
  return value === '' && name !== 'expirationTimestamp' ? undefined : value
}

function checkedPair(cert: string, key: string): { readonly cert: string; readonly key: string } {
  const problem = keyPairProblem(cert, key)
  if (problem !== undefined) throw new Failure(`failed parsing client key/certificate: ${problem}`)
  return { cert, key }
}

function undecodable(field: string, what: string): Failure {
  return new Failure(`decoding stdout: ${field}: must be ${what}`)
}
