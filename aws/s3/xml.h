/*
 * xml: reads what S3 answers. The only file that knows expat.
 *
 * The answer may come from anybody, so it is bounded: no document type (and so no entities of its
 * own), at most XML_DEPTH_MAX levels, XML_TEXT_MAX bytes in one element. Namespaces are passed
 * over.
 */
#ifndef AWS_S3_XML_H
#define AWS_S3_XML_H

#include <stdbool.h>
#include <stddef.h>

enum { XML_DEPTH_MAX = 8, XML_NAME_MAX = 64, XML_TEXT_MAX = 16 << 10, XML_ERROR_MAX = 128 };

/*
 * Called at each element's end. `path` is "ListBucketResult/Contents/Key"; `text` what stood
 * directly in the element, NUL-terminated (S3 uses XML 1.0, so it holds no NUL). Both are borrowed.
 * False ends the reading.
 */
typedef bool (*xml_element)(void *context, const char *path, const char *text, size_t len);

/* False when it is not whole and well-formed, or `take` said so; `error` says what is wrong. */
bool xml_read(const char *bytes, size_t len, xml_element take, void *context,
              char error[XML_ERROR_MAX]);

#endif
