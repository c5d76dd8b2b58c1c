/** The types of Node.js 20 do not have it. */
declare module 'node:sqlite' {
  export const DatabaseSync: unknown
}
