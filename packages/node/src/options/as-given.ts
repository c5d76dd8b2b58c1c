/**
 * A copy of options that are read later, so that what the caller changes meanwhile does not count. What is no plain object stays what it is: it is refused when it is
 * read, or its class has a part of the options.
 */
export function asGiven<T extends object>(options: T): T {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return options
  const prototype: unknown = Object.getPrototypeOf(options)
  return prototype === Object.prototype || prototype === null ? { ...options } : options
}
