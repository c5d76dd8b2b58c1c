import { without } from '@kube-authn/core/options'

/** A file as it was given, a path alone or one with options, with what all files have in common. */
export function withPath<T extends { readonly path: string }, S>(
  file: string | T | undefined,
  shared: S,
): (S & (T | { readonly path: string })) | undefined {
  if (file === undefined) return undefined
  return { ...shared, ...(typeof file === 'string' ? { path: file } : file) }
}

/** The options beside the path. */
export function withoutPath<T extends { readonly path: string }>(file: T): Omit<T, 'path'> {
  return without(file, 'path')
}
