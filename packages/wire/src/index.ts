/** The exports of `@puka/wire`. Holds no code. */
export { isArrayBuffer, isBytes, isDate, isMap, isPlainObject, toBytes } from './any-realm.ts';
export { ByteReader } from './byte-reader.ts';
export { ByteWriter } from './byte-writer.ts';
export { bodyFramePayloadMax, writeBody } from './content.ts';
export {
  decodeTable,
  encodeTable,
  readFieldTable,
  readTaggedTable,
  type TableReadOptions,
  type TableWriteOptions,
  writeFieldTable,
} from './field-table.ts';
export {
  array,
  boolean,
  bytes,
  Decimal,
  decimal,
  empty,
  type FieldArray,
  type FieldArrayInput,
  type FieldObjectInput,
  type FieldTable,
  type FieldTableInput,
  type FieldTag,
  type FieldValue,
  type FieldValueInput,
  float32,
  float64,
  int8,
  int16,
  int32,
  int64,
  longString,
  Tagged,
  type TaggedField,
  Timestamp,
  table,
  timestamp,
  uint8,
  uint16,
  uint32,
} from './field-values.ts';
export { FrameDecoder, type FrameDecoderOptions, type FrameSink } from './frame-decoder.ts';
export { FrameType, frameEndOctet, frameHeaderBytes } from './frame-format.ts';
export { beginFrame, endFrame, writeHeartbeat } from './frame-writer.ts';
export {
  defaultChunkBytes,
  defaultMaxControlFrameBytes,
  defaultMaxTableDepth,
  defaultMaxTableFields,
  frameMinBytes,
  frameOverheadBytes,
  highestMaxTableDepth,
  maxShortStringBytes,
} from './limits.ts';
export { decodeText, encodeText, hasRawOctets, textLength } from './lossless-text.ts';
export * from './methods.ts';
export {
  type BasicProperties,
  basicClassId,
  encodeProperties,
  PropertyFlag,
  writeContentHeader,
  writeProperties,
  writeRawContentHeader,
} from './properties.ts';
export { contentBodySize, contentPropertiesOffset, isWithoutHeaders, PropertiesReader } from './properties-reader.ts';
export { detectProtocolHeader, type FirstBytes, protocolHeader } from './protocol-header.ts';
export { ShortStringCache } from './short-string-cache.ts';
export { SpareChunks } from './spare-chunks.ts';
export { decodeUtf8, encodeUtf8, isUtf8, utf8Length } from './utf8.ts';
