import { without } from '@kube-authn/core/internal'

/** Merges a file option, a path or options with one, with the shared options. */
export function withPath<T extends { readonly path: string }, S>(
  file: string | T | undefined,
  shared: S,
): (S & (T | { readonly path: string })) | undefined {
  if (file === undefined) return undefined
  return { ...shared, ...(typeof file === 'string' ? { path: file } : file) }
}

/** The options without the path. */
export function withoutPath<T extends { readonly path: string }>(file: T): Omit<T, 'path'> {
  return without(file, 'path')
}
