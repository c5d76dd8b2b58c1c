// See beside.mjs.
let folders

export function initialize(data) {
  folders = data
}

/** A package finds itself by its own name. */
export function resolve(specifier, context, next) {
  const [, name] = /^@kube-authn\/([^/]+)/.exec(specifier) ?? []
  if (name === undefined || context.parentURL?.startsWith(folders.here) !== true)
    return next(specifier, context)
  return next(specifier, { ...context, parentURL: `${folders.packages}${name}/package.json` })
}
