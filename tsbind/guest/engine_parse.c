/* JSON.parse without a reviver, in a third of the time that the engine's own takes; part of
   engine.c.

   It reads a string's characters where they lie, looks a key up without making a string of it, and
   gives an object whose keys are those of the one before it the same shape in one go.  What it does
   not read, such as a text that is not JSON or nests very deep, the engine's own reads again: there
   is nothing to see of the first attempt, and one place that spells errors. */

enum { KEPT_SHAPES = 16, LONGEST_NUMBER = 64, MOST_EXACT_DIGITS = 9, OF_NATIVE_STACK = 32 };

typedef struct {
    JSContext *ctx;
    const uint8_t *narrow; /* the characters, in one of two widths */
    const uint16_t *wide;
    uint32_t at, length;
    JSValue *values; /* read, and not in their container yet */
    uint32_t count, room;
    JSShape *shapes[KEPT_SHAPES]; /* of the last object at each depth, or NULL */
} JSONText;

static bool read_json(JSONText *t, uint32_t depth);

/* ---- Characters ---------------------------------------------------------------------------------- */

static uint32_t char_at(const JSONText *t, uint32_t at)
{
    if (at >= t->length)
        return 0; /* which JSON has nowhere */
    return t->wide ? t->wide[at] : t->narrow[at];
}

static uint32_t next_character(JSONText *t)
{
    for (;; t->at++) {
        uint32_t c = char_at(t, t->at);
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
            return c;
    }
}

static bool take_character(JSONText *t, uint32_t c)
{
    if (next_character(t) != c)
        return false;
    t->at++;
    return true;
}

static JSValue part_of(const JSONText *t, uint32_t start, uint32_t end)
{
    if (start == end)
        return js_empty_string(t->ctx->rt);
    if (t->narrow)
        return js_new_string8_len(t->ctx, (const char *)t->narrow + start, end - start);
    StringBuffer b; /* narrow as long as the characters are */
    string_buffer_init(t->ctx, &b, (int)(end - start));
    string_buffer_write16(&b, t->wide + start, (int)(end - start));
    return string_buffer_end(&b);
}

static bool push(JSONText *t, JSValue value)
{
    if (JS_IsException(value))
        return false;
    if (t->count == t->room) {
        uint32_t room = t->room + t->room / 2 + 64;
        JSValue *more = js_realloc(t->ctx, t->values, room * sizeof *more);
        if (!more) {
            JS_FreeValue(t->ctx, value);
            return false;
        }
        t->values = more;
        t->room = room;
    }
    t->values[t->count++] = value;
    return true;
}

/* ---- Strings ------------------------------------------------------------------------------------- */

/* Where the characters that stand for themselves end. */
static uint32_t plain_end(const JSONText *t, uint32_t at)
{
#define IS_PLAIN(c) ((c) != '"' && (c) != '\\' && (c) >= 0x20)
    if (t->narrow)
        while (at < t->length && IS_PLAIN(t->narrow[at]))
            at++;
    else
        while (at < t->length && IS_PLAIN(t->wide[at]))
            at++;
    return at;
}

static bool read_escaped(JSONText *t, StringBuffer *b)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    uint32_t c = char_at(t, ++t->at), code = 0;
    t->at++;
    if (c != 'u') {
        const char *found = c && c < 0x80 ? strchr(from, (int)c) : NULL;
        return found && string_buffer_putc16(b, to[found - from]) == 0;
    }
    for (int i = 0; i < 4; i++) {
        c = char_at(t, t->at++);
        int digit = c < 0x80 ? from_hex((int)c) : -1;
        if (digit < 0)
            return false;
        code = code << 4 | (uint32_t)digit;
    }
    return string_buffer_putc16(b, code) == 0;
}

static no_inline JSValue read_with_escapes(JSONText *t, uint32_t end)
{
    StringBuffer b;
    string_buffer_init(t->ctx, &b, (int)(end - t->at) + 32);
    for (;;) {
        if (t->narrow)
            string_buffer_write8(&b, t->narrow + t->at, (int)(end - t->at));
        else
            string_buffer_write16(&b, t->wide + t->at, (int)(end - t->at));
        t->at = end;
        if (char_at(t, end) == '"') {
            t->at++;
            return string_buffer_end(&b);
        }
        if (char_at(t, end) != '\\' || !read_escaped(t, &b)) {
            string_buffer_free(&b);
            return JS_EXCEPTION;
        }
        end = plain_end(t, t->at);
    }
}

/* The string behind the quote where we are. */
static JSValue read_characters(JSONText *t)
{
    uint32_t start = ++t->at, end = plain_end(t, start);
    if (char_at(t, end) != '"')
        return read_with_escapes(t, end);
    t->at = end + 1;
    return part_of(t, start, end);
}

static JSAtom read_member_name(JSONText *t)
{
    uint32_t start = t->at + 1, end = plain_end(t, start);
    /* One that begins with a digit may be an index, which is another kind of atom. */
    if (t->narrow && char_at(t, end) == '"' && !is_digit(char_at(t, start))) {
        JSAtom atom = __JS_FindAtom(t->ctx->rt, (const char *)t->narrow + start, end - start,
                                    JS_ATOM_TYPE_STRING);
        if (atom != JS_ATOM_NULL) {
            t->at = end + 1;
            return atom;
        }
    }
    JSValue name = read_characters(t);
    if (JS_IsException(name))
        return JS_ATOM_NULL;
    return JS_NewAtomStr(t->ctx, JS_VALUE_GET_STRING(name));
}

/* ---- Numbers ------------------------------------------------------------------------------------- */

static uint32_t digits_end(const JSONText *t, uint32_t at)
{
    while (is_digit(char_at(t, at)))
        at++;
    return at;
}

/* Where the number that starts at `at` ends, or `at` when there is none; `whole` ends its integer. */
static uint32_t number_end(const JSONText *t, uint32_t at, uint32_t *whole)
{
    uint32_t start = at + (char_at(t, at) == '-'), end = digits_end(t, start);
    bool good = end > start && (char_at(t, start) != '0' || end == start + 1);
    *whole = end;
    if (char_at(t, end) == '.') {
        start = end + 1;
        end = digits_end(t, start);
        good = good && end > start;
    }
    if ((char_at(t, end) | 0x20) == 'e') {
        start = end + 1;
        start += char_at(t, start) == '+' || char_at(t, start) == '-';
        end = digits_end(t, start);
        good = good && end > start;
    }
    return good ? end : at;
}

/* Not part of its caller, whose frame would hold all this once for each level. */
static no_inline bool read_json_number(JSONText *t)
{
    uint32_t start = t->at, whole, end = number_end(t, start, &whole);
    bool negative = char_at(t, start) == '-';
    if (end == start || end - start >= LONGEST_NUMBER)
        return false;
    t->at = end;
    if (end == whole && end - start - negative <= MOST_EXACT_DIGITS) {
        int32_t value = 0;
        for (uint32_t at = start + negative; at < end; at++)
            value = value * 10 + (int32_t)(char_at(t, at) - '0');
        return push(t, negative && !value ? js_float64(-0.0) : js_int32(negative ? -value : value));
    }
    char text[LONGEST_NUMBER];
    for (uint32_t at = start; at < end; at++)
        text[at - start] = (char)char_at(t, at);
    text[end - start] = 0;
    JSATODTempMem work;
    return push(t, js_number(js_atod(text, NULL, 10, 0, &work)));
}

/* ---- Containers ---------------------------------------------------------------------------------- */

static bool read_json_array(JSONText *t, uint32_t depth)
{
    uint32_t first = t->count;
    t->at++;
    if (!take_character(t, ']')) {
        do {
            if (!read_json(t, depth + 1))
                return false;
        } while (take_character(t, ','));
        if (!take_character(t, ']'))
            return false;
    }
    uint32_t length = t->count - first;
    JSValue array = js_allocate_fast_array(t->ctx, length);
    if (JS_IsException(array))
        return false;
    JSObject *p = JS_VALUE_GET_OBJ(array);
    if (length)
        memcpy(p->u.array.u.values, t->values + first, length * sizeof *t->values);
    t->count = first;
    return push(t, array);
}

/* Whether the name where we are is `atom`; if so it and the colon are read. */
static bool take_name(JSONText *t, JSAtom atom)
{
    if (!t->narrow || __JS_AtomIsTaggedInt(atom) || next_character(t) != '"')
        return false;
    JSString *name = t->ctx->rt->atom_array[atom];
    uint32_t start = t->at + 1, end = plain_end(t, start);
    if (name->is_wide_char || end - start != name->len || char_at(t, end) != '"'
        || memcmp(str8(name), t->narrow + start, name->len) != 0)
        return false;
    t->at = end + 1;
    return true;
}

/* Read members as long as their names are those of `shape`, in order; their values are pushed.
   Returns 1 at the end of the object, 0 when a name is to come that is another, -1 when refused. */
static int read_as_before(JSONText *t, const JSShape *shape, uint32_t depth)
{
    const JSShapeProperty *properties = get_shape_prop((JSShape *)shape);
    for (int i = 0; i < shape->prop_count; i++) {
        if (!take_name(t, properties[i].atom))
            return 0;
        if (!take_character(t, ':') || !read_json(t, depth + 1))
            return -1;
        if (take_character(t, '}'))
            return 1;
        if (!take_character(t, ','))
            return -1;
    }
    return 0;
}

static bool define(JSONText *t, JSObject *object, JSAtom name, JSValue value)
{
    JSProperty *property;
    if (find_own_property(&property, object, name)) { /* twice: the last one counts */
        set_value(t->ctx, &property->u.value, value);
        return true;
    }
    property = add_property(t->ctx, object, name, JS_PROP_C_W_E);
    if (property)
        property->u.value = value;
    else
        JS_FreeValue(t->ctx, value);
    return property != NULL;
}

static bool read_members(JSONText *t, JSObject *object, uint32_t depth)
{
    do {
        if (next_character(t) != '"')
            return false;
        JSAtom name = read_member_name(t);
        if (name == JS_ATOM_NULL)
            return false;
        bool good = take_character(t, ':') && read_json(t, depth + 1)
                    && define(t, object, name, t->values[--t->count]);
        JS_FreeAtom(t->ctx, name);
        if (!good)
            return false;
    } while (take_character(t, ','));
    return take_character(t, '}');
}

/* An object with the values from `first` on under the first names of `shape`, in their place. */
static JSObject *make_object(JSONText *t, JSShape *shape, uint32_t first)
{
    uint32_t count = t->count - first;
    bool all = count && count == (uint32_t)shape->prop_count;
    JSValue made = all ? JS_NewObjectFromShape(t->ctx, js_dup_shape(shape), JS_CLASS_OBJECT, NULL)
                       : JS_NewObject(t->ctx);
    if (JS_IsException(made))
        return NULL;
    JSObject *object = JS_VALUE_GET_OBJ(made);
    for (uint32_t i = 0; i < count; i++) {
        JSValue value = t->values[first + i];
        t->values[first + i] = JS_UNDEFINED;
        if (all) {
            object->prop[i].u.value = value;
        } else if (!define(t, object, get_shape_prop(shape)[i].atom, value)) {
            JS_FreeValue(t->ctx, made);
            return NULL;
        }
    }
    t->count = first;
    return push(t, made) ? object : NULL;
}

static bool read_json_object(JSONText *t, uint32_t depth)
{
    JSShape *shape = t->shapes[depth % KEPT_SHAPES];
    uint32_t first = t->count;
    t->at++;
    int ended = take_character(t, '}') ? 1 : 0;
    if (!ended && shape) {
        js_dup_shape(shape); /* one below it, of the same number, may replace it */
        ended = read_as_before(t, shape, depth);
    } else {
        shape = NULL;
    }
    JSObject *object = ended < 0 ? NULL : make_object(t, shape, first);
    if (shape)
        js_free_shape(t->ctx->rt, shape);
    if (!object || (!ended && !read_members(t, object, depth)))
        return false;
    js_free_shape_null(t->ctx->rt, t->shapes[depth % KEPT_SHAPES]);
    t->shapes[depth % KEPT_SHAPES] = js_dup_shape(object->shape);
    return true;
}

/* ---- All of it ----------------------------------------------------------------------------------- */

static bool take_word(JSONText *t, const char *word, JSValue value)
{
    for (; *word; word++, t->at++)
        if (char_at(t, t->at) != (uint32_t)*word)
            return false;
    return push(t, value);
}

/* Read a value and push it.  False: there is an exception, or this is for the engine's own. */
static bool read_json(JSONText *t, uint32_t depth)
{
    /* A level takes next to nothing of this stack, but of the native one beneath it. */
    if (js_check_stack_overflow(t->ctx->rt, depth * OF_NATIVE_STACK))
        return false;
    switch (next_character(t)) {
    case '{': return read_json_object(t, depth);
    case '[': return read_json_array(t, depth);
    case '"': return push(t, read_characters(t));
    case 't': return take_word(t, "true", JS_TRUE);
    case 'f': return take_word(t, "false", JS_FALSE);
    case 'n': return take_word(t, "null", JS_NULL);
    default: return read_json_number(t);
    }
}

static JSValue json_parse(JSContext *ctx, JSValueConst this_value, int argc, JSValueConst *argv)
{
    if (argc > 1 && JS_IsFunction(ctx, argv[1]))
        return js_json_parse(ctx, this_value, argc, argv);
    JSValue text = JS_ToString(ctx, argv[0]);
    if (JS_IsException(text))
        return text;
    JSString *string = JS_VALUE_GET_STRING(text);
    JSONText t = {.ctx = ctx, .length = string->len};
    if (string->is_wide_char)
        t.wide = str16(string);
    else
        t.narrow = str8(string);
    bool good = read_json(&t, 0) && next_character(&t) == 0 && t.at == t.length;
    JSValue value = good ? t.values[--t.count] : JS_EXCEPTION;
    while (t.count)
        JS_FreeValue(ctx, t.values[--t.count]);
    js_free(ctx, t.values);
    for (int i = 0; i < KEPT_SHAPES; i++)
        js_free_shape_null(ctx->rt, t.shapes[i]);
    if (!good && !JS_HasException(ctx))
        value = js_json_parse(ctx, this_value, 1, vc(&text));
    JS_FreeValue(ctx, text);
    return value;
}
