import { required } from '@kube-authn/core/adapter'
import { type AnyShape, type Check, either, must, nested, nonEmptyListOf } from '@kube-authn/core/internal'

/** The path of a file. File content that was passed instead of the path is not shown, as it may be a secret. */
export const aPath: Check = (value, path) =>
  typeof value === 'string' && value.includes('-----BEGIN ')
    ? [{ path, message: 'is PEM data; pass the path of a file with it instead' }]
    : aNonEmptyPath(value, path)

const aNonEmptyPath = must('must be the path of a file', (value) => typeof value === 'string' && value !== '')

/** A path, or a list of at least one. */
export const somePaths: Check = either(Array.isArray, nonEmptyListOf(aPath), aPath)

/** The path of a file, or options with it. */
export type FileOption<O> = string | ({ readonly path: string } & O)

/** A path, or options with one. @param shape the options beside the path. */
export function aFile(shape: AnyShape): Check {
  return either(
    (value) => typeof value === 'object' && value !== null,
    nested({ path: required(aPath), ...shape }),
    aPath,
  )
}
