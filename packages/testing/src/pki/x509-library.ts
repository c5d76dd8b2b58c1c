// `@peculiar/x509` finds its parts through metadata on `Reflect`, which has to be there before the library is.
import 'reflect-metadata'

export * from '@peculiar/x509'
