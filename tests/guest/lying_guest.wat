;; A guest that lies.  `start` waits; each `resume` then does what its message says:
;;
;;   now (8 bytes)      what it returns: pointer and length of the outbox
;;   id of the reply    what else it does before: see the br_table
;;   JSON of the reply  lies in memory as it came, so that `now` can point at it
(module
  (memory (export "memory") 4)
  (data (i32.const 16) "{\"calls\":[],\"logs\":[],\"state\":\"waiting\"}")
  (func (export "protocol") (result i32) (i32.const 1))
  (func (export "input") (param i32) (result i32) (i32.const 4096))
  (func (export "start") (param i32 i32) (result i64)
    (i64.const 0x0000001000000028)) ;; 40 bytes at 16
  (func $deep (param i32) (result i32)
    (i32.add (i32.const 1) (call $deep (local.get 0))))
  (func (export "resume") (param $at i32) (param $size i32) (result i64)
    (block $return
      (block $jump (block $divide (block $outside (block $recurse (block $loop (block $grow (block $trap
        (br_table $return $trap $grow $loop $recurse $outside $divide $jump $return
          (i32.load offset=8 (local.get $at))))
        ;; trap
        unreachable)
        ;; grow
        (drop (memory.grow (i32.const 1)))
        (br $return))
        ;; loop
        (loop $again (br $again)))
        ;; recurse
        (drop (call $deep (i32.const 0)))
        (br $return))
        ;; outside
        (drop (i32.load (i32.const 0x7fffffff)))
        (br $return))
        ;; divide
        (drop (i32.div_u (i32.const 1) (i32.const 0)))
        (br $return))
        ;; jump
        (call_indirect (i32.const 99))
        (br $return))
    (i64.load (local.get $at)))
  (table 1 funcref))
