import { defined } from '@kube-authn/core/internal'
import { aNonEmptyString, checkOptions, notify, type OptionsShape } from '@kube-authn/core/adapter'
import {
  type ParseRbacOptions,
  parseRbacSteps,
  type RbacAuthorizer,
  rbacSteps,
} from '@kube-authn/core/authorization'
import { fileShape } from '../options/reload-options.ts'
import { largeManifestsSource, type ManifestsSourceOptions } from '../file-source/manifests-source.ts'
import { closeable, type Closeable } from '../options/closeable.ts'

/** Options of {@link rbacAt}. */
export interface RbacAtOptions
  extends Omit<ManifestsSourceOptions<unknown>, 'parse'>, Pick<ParseRbacOptions, 'namespace'> {}

export const rbacAtShape: OptionsShape<RbacAtOptions> = { ...fileShape, namespace: aNonEmptyString }

/**
 * Authorizes by the roles and bindings in files and folders, which are reloaded when they change. Unless all of them are valid, the old ones stay.
 * Likely mistakes are reported to the observer.
 *
 * A file may have up to 100 MiB (`maxBytes`), and a document in it up to 1 MiB unless it is JSON or plain YAML: see `maxDocumentLength` of
 * `parseRbac`.
 *
 * @throws {ConfigurationError} with every problem, if the manifests are invalid; any error of reading them.
 * @example
 * app.use(impersonation(rbacAt('/etc/kube-authn/rbac/')))
 */
export function rbacAt(
  paths: string | readonly string[],
  options: RbacAtOptions = {},
): RbacAuthorizer & Closeable {
  checkOptions(rbacAtShape, options)
  const { namespace, maxBytes = MAX_BYTES, ...files } = options
  const source = largeManifestsSource(paths, {
    ...files,
    maxBytes,
    *steps(manifests) {
      if (manifests.length === 0) {
        const message = 'contains no manifest (.yaml, .yml or .json), so nothing is allowed'
        const notice = { severity: 'advice', code: 'noManifests', message } as const
        notify(options.observer, { type: 'fileNotice', file: [paths].flat().join(', '), notice })
      }
      const policy = yield* parseRbacSteps(manifests, {
        maxLength: maxBytes,
        maxDocumentLength: MAX_DOCUMENT_LENGTH,
        ...defined({ namespace }),
      })
      const file = manifests.map(({ name }) => name).join(', ')
      for (const [index, { code, path, message }] of policy.advice.entries()) {
        if (index % NOTICES_IN_A_STEP === NOTICES_IN_A_STEP - 1) yield
        const notice = { severity: 'advice', code, message: `${path}: ${message}` } as const
        notify(options.observer, { type: 'fileNotice', file, notice })
      }
      return yield* rbacSteps(policy)
    },
  })
  const authorizer: RbacAuthorizer = {
    name: 'rbac',
    authorize: (attributes, context) => source.current().authorize(attributes, context),
    explain: (attributes) => source.current().explain(attributes),
    rulesFor: (user, within) => source.current().rulesFor(user, within),
  }
  return closeable(authorizer, source.close)
}

const NOTICES_IN_A_STEP = 64
/** About 200,000 bindings. */
const MAX_BYTES = 100 * 1024 * 1024
/** A document that is not plain YAML is parsed synchronously and blocks requests. */
const MAX_DOCUMENT_LENGTH = 1_048_576
