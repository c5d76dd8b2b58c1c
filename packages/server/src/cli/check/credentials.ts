import type { Observer } from '@kube-authn/core'
import { CredentialFileError, passwordFile } from '@kube-authn/core/password-file'
import { tokenFile } from '@kube-authn/core/token-file'
import type { Finding } from './finding.ts'

/** Finds the mistakes in a CSV file of credentials. Only its first error is known: the rest of the file depends on it. */
export function checkCredentials(
  kind: 'token-file' | 'password-file',
  source: string,
  bytes: Uint8Array<ArrayBuffer>,
): readonly Finding[] {
  const findings: Finding[] = []
  const observer: Observer = (event) => {
    if (event.type !== 'fileNotice') return
    const { severity, code, message } = event.notice
    findings.push({ severity, code, message })
  }
  try {
    if (kind === 'token-file') tokenFile(bytes, { source, observer })
    else passwordFile(bytes, { source, observer })
  } catch (error) {
    if (!(error instanceof CredentialFileError)) throw error
    findings.push(problemIn(error.message.slice(`${source}: `.length)))
  }
  return findings
}

/** The message has the line: `line 3: ...`, `parse error on line 3: ...`. */
function problemIn(message: string): Finding {
  const [, line, rest] = /^(?:parse error on )?line (\d+): (.*)$/s.exec(message) ?? []
  return line === undefined || rest === undefined
    ? { severity: 'error', message }
    : { severity: 'error', line: Number(line), message: rest }
}
