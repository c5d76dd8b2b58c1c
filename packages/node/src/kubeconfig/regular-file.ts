import { statSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { unreadable } from '../file-source/unreadable.ts'

/**
 * What is wrong with the path of a kubeconfig in an AuthorizationConfiguration; `undefined` when nothing is. Links are followed.
 *
 * Source: apiserver `pkg/apis/apiserver/validation/validation.go` (`ValidateWebhookConfiguration`).
 */
export function kubeConfigFileProblem(path: string): string | undefined {
  if (!isAbsolute(path)) return 'must be an absolute path'
  try {
    return statSync(path).isFile() ? undefined : 'must be a regular file'
  } catch (error) {
    // Its code is not a part of Kubernetes' text.
    return `error loading file: stat ${unreadable(path, error).message.replace(/ \(E[A-Z]+\)$/, '')}`
  }
}
