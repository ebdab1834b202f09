# Row 44: a source address that cannot be used, and static objects that are missing.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100
instance V2 eth0 vrid=52 prio=100 addr=10.0.0.101
statics V2
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < source V1 unusable
@0 < start
> arm V2 MasterDown @3.609375
> tell (V1) INIT -> FAULT: the source address cannot be used yet
> tell (V2) INIT -> BACKUP: starting
@1 < statics 0 broken
> disarm V2 MasterDown
> tell (V2) BACKUP -> FAULT: a static object of track_group 0 is missing
@1 < source V2 unusable
> note (V2) another fault: the source address cannot be used yet
@2 < source V1 usable
> arm V1 MasterDown @5.609375
> tell (V1) FAULT -> BACKUP: the fault is gone
@2 < source V1 usable
@3 < statics 0 whole
> note (V2) this fault is gone, others are left: a static object of track_group 0 is missing
@4 < source V2 usable
> arm V2 MasterDown @7.609375
> tell (V2) FAULT -> BACKUP: the fault is gone
@4 < statics 7 broken
