/** A name as SQL takes it, whatever its characters are. */
export function quotedIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Whether a schema can have this name: one that needs no quotes, with at most 63 bytes, and not one of PostgreSQL itself. */
export function isSchemaName(name: unknown): boolean {
  return typeof name === 'string' && /^(?!pg_)[a-z_][a-z\d_]{0,62}$/.test(name)
}
