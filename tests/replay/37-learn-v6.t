# Rows 36, 37 and 38 over IPv6: the interval of the Master is learnt and scales skew and down timer.
instance V1 eth0 vrid=51 prio=150 addr=fe80::100 garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1 ip6=fe80::1
@0 < start
> arm V1 MasterDown @3.414063
> tell (V1) INIT -> BACKUP: starting
@1 < advert prio=200 int=0.2
> arm V1 MasterDown @1.682813
> note (V1) fe80::2 advertises every 0.2 s, which is not our interval
@1.682813 * V1 MasterDown
> advertise V1 prio=150 rev=1
> claim V1 repeat=5
> arm V1 Advert @2.682813
> tell (V1) BACKUP -> MASTER: no advert for 0.682813 s
@2.682813 * V1 Advert
> advertise V1 prio=150 rev=1
> arm V1 Advert @3.682813
@3 < wait
@3.1 < advert prio=200 int=0.2
> release V1
> disarm V1 Advert
> arm V1 MasterDown @3.782813
> note (V1) fe80::2 advertises every 0.2 s, which is not our interval
> tell (V1) MASTER -> BACKUP: advert from fe80::2 with higher priority 200
@3.2 < advert prio=0 int=0.2
> arm V1 MasterDown @3.282813
@3.282813 * V1 MasterDown
> advertise V1 prio=150 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.282813
> tell (V1) BACKUP -> MASTER: fe80::2 gave up (priority 0)
@4.282813 * V1 Advert
> advertise V1 prio=150 rev=1
> arm V1 Advert @5.282813
@5 < wait
