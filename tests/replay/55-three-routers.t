# Row 55: 200 is killed; 150 speaks before our skew is over, so we send nothing.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@1 < advert prio=200 from=10.0.0.3
@2 < advert prio=200 from=10.0.0.3
# 150 takes over 3.414 s after the last advert; our timer would have run out 0.195 s later.
@3.609375 * V1 MasterDown
> arm V1 MasterDown @5.609375
@5.414062 < advert prio=150
@5.609375 * V1 MasterDown
> arm V1 MasterDown @9.023437
@5.7 < wait
@5.7 < show V1
> V1 BACKUP wants=BACKUP prio=100 source=10.0.0.1 master=10.0.0.2/150 interval=1 rcvd:3
