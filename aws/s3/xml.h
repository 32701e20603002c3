/*
 * xml: reads the responses of S3. The only file that uses expat.
 *
 * A response is not trusted. It may have no document type, and so no entities, at most
 * XML_DEPTH_MAX levels, and at most XML_TEXT_MAX bytes in one element. Namespaces are ignored.
 */
#ifndef AWS_S3_XML_H
#define AWS_S3_XML_H

#include <stdbool.h>
#include <stddef.h>

enum { XML_DEPTH_MAX = 8, XML_NAME_MAX = 64, XML_TEXT_MAX = 16 << 10, XML_ERROR_MAX = 128 };

/*
 * Called at the end of each element. `path` is such as "ListBucketResult/Contents/Key". `text` is
 * the text directly in the element, NUL-terminated; XML has no NUL. Both are borrowed. False ends
 * the reading.
 */
typedef bool (*xml_element)(void *context, const char *path, const char *text, size_t len);

/* False, with an error, if the text is not complete and well-formed, or `take` returned false. */
bool xml_read(const char *bytes, size_t len, xml_element take, void *context,
              char error[XML_ERROR_MAX]);

#endif
