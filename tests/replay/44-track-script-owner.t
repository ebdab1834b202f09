# Row 44: an owner waits for its scripts too and is Master then; back from a fault it is at once.
script chk
instance V1 eth0 vrid=51 prio=255 MASTER addr=10.0.0.100 garp_delay=0
track V1 script chk 0
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> run chk
> wake script chk @1
> note (V1) waits: script chk has no result yet
@0.1 < show V1
> V1 INIT wants=MASTER prio=255 source=10.0.0.1 interval=1; script chk has no result yet
@0.2 < script chk ok
> advertise V1 prio=255 rev=1
> claim V1 repeat=5
> arm V1 Advert @1.2
> note script chk succeeded: exit status 0
> tell (V1) INIT -> MASTER: owner of the addresses (priority 255)
@1 * script chk
> run chk
> wake script chk @2
@1.2 < script chk 1
> advertise V1 prio=0 rev=1
> release V1
> disarm V1 Advert
> note script chk failed: exit status 1
> tell (V1) MASTER -> FAULT: script chk failed
@2 * script chk
> run chk
> wake script chk @3
@2.2 < script chk ok
> advertise V1 prio=255 rev=1
> claim V1 repeat=5
> arm V1 Advert @3.2
> note script chk succeeded: exit status 0
> tell (V1) FAULT -> MASTER: the fault is gone
