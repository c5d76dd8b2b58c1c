import { notify } from '@kube-authn/core'
import { parseRbac, rbac, type RbacAuthorizer } from '@kube-authn/core/rbac'
import { checkOptions } from '@kube-authn/core/options'
import { fileShape } from './options/reload-shape.ts'
import { manifestsSource, type ManifestsSourceOptions } from './file-source/manifests-source.ts'

/** Options of {@link rbacAt}. */
export type RbacAtOptions = Omit<ManifestsSourceOptions<unknown>, 'parse'>

/**
 * Allows what the roles and bindings in files and folders allow, and reads them again when they change. All of them must be
 * valid, or the old ones stay. What will hardly do what its author meant is told to the observer.
 *
 * @throws {ConfigurationError} when the manifests are not valid, with every problem; whatever reading them throws.
 * @example
 * app.use(impersonation(rbacAt('/etc/kube-authn/rbac/')))
 */
export function rbacAt(
  paths: string | readonly string[],
  options: RbacAtOptions = {},
): RbacAuthorizer & { readonly close: () => void } {
  checkOptions(fileShape, options)
  const source = manifestsSource(paths, {
    ...options,
    parse: (manifests) => {
      const policy = parseRbac(manifests)
      for (const { code, path, message } of policy.advice) {
        const notice = { severity: 'advice', code, message: `${path}: ${message}` } as const
        notify(options.observer, {
          type: 'fileNotice',
          file: manifests.map(({ name }) => name).join(', '),
          notice,
        })
      }
      return rbac(policy)
    },
  })
  return {
    name: 'rbac',
    authorize: (attributes, context) => source.current().authorize(attributes, context),
    explain: (attributes) => source.current().explain(attributes),
    rulesFor: (user, namespace) => source.current().rulesFor(user, namespace),
    close: source.close,
  }
}
