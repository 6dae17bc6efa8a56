/**
 * The way in to field tables: everything a caller needs of them, under one name.
 *
 * Must not: hold code of its own; encoding is in field-table-writer.ts, decoding in field-table-reader.ts.
 */

export { decodeTable, readFieldTable, readTaggedTable, type TableReadOptions } from './field-table-reader.ts';
export { encodeTable, type TableWriteOptions, writeFieldTable } from './field-table-writer.ts';
export type {
  FieldArray,
  FieldArrayInput,
  FieldObjectInput,
  FieldTable,
  FieldTableInput,
  FieldValue,
  FieldValueInput,
  TaggedField,
} from './field-values.ts';
