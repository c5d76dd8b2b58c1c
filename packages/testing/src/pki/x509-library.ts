// `@peculiar/x509` needs metadata on `Reflect`, which must be loaded before it.
import 'reflect-metadata'

export * from '@peculiar/x509'
