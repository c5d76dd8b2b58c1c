import { isAbsolute } from 'node:path'
import * as fs from 'node:fs'
import { unreadable } from '../file-source/read-file.ts'

/**
 * The problem of a kubeconfig path in an AuthorizationConfiguration; `undefined` if it is valid. Links are followed.
 *
 * Source: apiserver `pkg/apis/apiserver/validation/validation.go` (`ValidateWebhookConfiguration`).
 */
export function kubeConfigFileProblem(path: string): string | undefined {
  if (!isAbsolute(path)) return 'must be an absolute path'
  try {
    return fs.statSync(path).isFile() ? undefined : 'must be a regular file'
  } catch (error) {
    // Kubernetes' message does not have the code.
    return `error loading file: stat ${unreadable(path, error).message.replace(/ \(E[A-Z]+\)$/, '')}`
  }
}
