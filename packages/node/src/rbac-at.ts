import { notify, type Observer } from '@kube-authn/core'
import { parseRbac, rbac, type RbacAuthorizer, type ParseRbacOptions } from '@kube-authn/core/rbac'
import { aNonEmptyString, checkOptions, type OptionsShape } from '@kube-authn/core/options'
import { fileShape } from './options/reload-shape.ts'
import { manifestsSource, type ManifestsSourceOptions } from './file-source/manifests-source.ts'

/** Options of {@link rbacAt}. */
export interface RbacAtOptions
  extends Omit<ManifestsSourceOptions<unknown>, 'parse'>, Pick<ParseRbacOptions, 'namespace'> {}

const shape: OptionsShape<RbacAtOptions> = { ...fileShape, namespace: aNonEmptyString }

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
  checkOptions(shape, options)
  const { namespace, ...files } = options
  const source = manifestsSource(paths, {
    ...files,
    parse: (manifests) => {
      if (manifests.length === 0) adviseOnEmptiness(paths, options.observer)
      const policy = parseRbac(manifests, namespace === undefined ? {} : { namespace })
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
    rulesFor: (user, within) => source.current().rulesFor(user, within),
    close: source.close,
  }
}

function adviseOnEmptiness(paths: string | readonly string[], observer: Observer | undefined): void {
  const message = 'there is no manifest here (.yaml, .yml or .json), so nothing is allowed'
  notify(observer, {
    type: 'fileNotice',
    file: [paths].flat().join(', '),
    notice: { severity: 'advice', code: 'noManifests', message },
  })
}
