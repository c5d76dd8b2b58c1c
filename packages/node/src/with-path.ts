/** A file as it was given, a path alone or one with options, with what all files have in common. */
export function withPath<T extends { readonly path: string }, S>(
  file: string | T | undefined,
  shared: S,
): (S & (T | { readonly path: string })) | undefined {
  if (file === undefined) return undefined
  return { ...shared, ...(typeof file === 'string' ? { path: file } : file) }
}
